FROM debian:12
RUN --mount=type=cache,target=/c,mode=9 ls
