FROM debian:12
ENV A=b#c
