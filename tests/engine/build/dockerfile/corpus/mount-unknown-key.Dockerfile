FROM debian:12
RUN --mount=type=cache,targe=/c ls
