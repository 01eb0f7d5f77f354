FROM debian:12
HEALTHCHECK curl x
