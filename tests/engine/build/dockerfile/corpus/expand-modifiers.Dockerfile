FROM debian:12
ENV SET=x EMPTY=
ENV A=${SET:-d} B=${EMPTY:-d} C=${NONE:-d} D=${EMPTY-d} E=${NONE-d}
ENV F=${SET:+a} G=${EMPTY:+a} H=${NONE:+a} I=${EMPTY+a} J=${NONE+a}
ENV K=${SET:?no} L=${EMPTY?no} M=${NONE:-${SET}} N=${NONE:-"a b"}
