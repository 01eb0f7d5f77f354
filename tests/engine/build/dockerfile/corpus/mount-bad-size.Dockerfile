FROM debian:12
RUN --mount=type=tmpfs,target=/c,size=lots ls
