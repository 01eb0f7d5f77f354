FROM debian:12
HEALTHCHECK --timeout=soon CMD x
