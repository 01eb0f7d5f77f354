FROM debian:12
RUN --network=none
