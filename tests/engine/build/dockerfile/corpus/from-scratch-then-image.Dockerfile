FROM scratch AS empty
FROM debian:12
COPY --from=empty / /
