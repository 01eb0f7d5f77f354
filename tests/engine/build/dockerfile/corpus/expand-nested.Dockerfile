FROM debian:12
ENV A=a
ENV B=${X:-${Y:-${Z:-$A}}} C=${A:+${A}${A}} D=${X:-\}}
