FROM debian:12
RUN --mount=type=secret,id=token,env=TOKEN,target=/t,uid=1000,mode=0400 use
