FROM debian:12
HEALTHCHECK CMD curl -f http://localhost/ || exit 1
