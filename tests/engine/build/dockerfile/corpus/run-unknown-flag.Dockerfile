FROM debian:12
RUN --mounts=type=cache true
