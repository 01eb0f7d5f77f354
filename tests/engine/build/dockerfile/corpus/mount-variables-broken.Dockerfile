FROM debian:12
ARG ID=x
RUN --mount=type=cache,target=/c,uid=$ID ls
