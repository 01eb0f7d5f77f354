FROM debian:12
ARG A=arg
ENV A=env
ENV B=$A
