FROM debian:12
RUN <<A cat - && <<B cat -
one
A
two
B
