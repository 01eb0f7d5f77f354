FROM debian:12
HEALTHCHECK --retries=few CMD x
