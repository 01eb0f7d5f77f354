FROM debian:12
COPY --from=3 /a /a
