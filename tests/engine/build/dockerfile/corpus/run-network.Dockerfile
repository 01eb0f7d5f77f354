FROM debian:12
RUN --network=none true
RUN --network=host true
RUN --network=default true
