FROM debian:12
FROM alpine:3
COPY --from=0 /a /a
