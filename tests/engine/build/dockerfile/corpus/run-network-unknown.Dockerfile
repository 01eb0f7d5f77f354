FROM debian:12
RUN --network=nome true
