FROM debian:12
COPY --chown=1 --chown=2 a /b
