FROM debian:12
ENV A=env
ARG A=arg
ENV B=$A
