FROM debian:12
RUN tail