FROM debian:12
ENV A=x
ENV ${A}y=1
