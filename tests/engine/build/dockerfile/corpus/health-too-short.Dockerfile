FROM debian:12
HEALTHCHECK --interval=1us CMD x
