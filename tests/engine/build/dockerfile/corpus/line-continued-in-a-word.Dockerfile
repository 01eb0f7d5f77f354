FROM debian:12
ENV A=on\
e
