FROM debian:12
RUN --mount=type=secret,id=token,required cat /run/secrets/token
