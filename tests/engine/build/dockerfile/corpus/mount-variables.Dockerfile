FROM debian:12
ARG ID=7
ENV DIR=/cache
RUN --mount=type=cache,target=${DIR}/x,id=$ID-a,uid=$ID ls
