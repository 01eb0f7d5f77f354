ARG API_TOKEN
from debian:12 AS Base
MAINTAINER me
ENV A b
LABEL c d
WORKDIR app
WORKDIR x
CMD a
CMD ["b"]
ENTRYPOINT c
ENV DB_PASSWORD=x PUBLIC_KEY=y
FROM --platform=linux/amd64 debian:12 AS base
FROM --platform=$TARGETPLATFORM debian:12 as scratch
FROM scratch
RUN a \

  b
