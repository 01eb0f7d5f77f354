FROM debian:12
RUN --mount=type=cahe,target=/c ls
