FROM debian:12
RUN --mount=type=cache,id=apt,target=/var/cache/apt,sharing=locked,uid=100,gid=101,mode=0700 apt-get update
