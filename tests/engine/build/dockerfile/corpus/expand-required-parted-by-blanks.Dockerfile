FROM debian:12
ENV A=${NONE:?must be given}
