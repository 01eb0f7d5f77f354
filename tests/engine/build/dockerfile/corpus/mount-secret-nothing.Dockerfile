FROM debian:12
RUN --mount=type=secret ls
