FROM debian:12
RUN --mount=type=cache,id=a ls
