FROM debian:12
COPY --chmod a /b
