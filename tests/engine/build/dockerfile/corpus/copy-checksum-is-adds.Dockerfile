FROM debian:12
COPY --checksum=sha256:00 a /b
