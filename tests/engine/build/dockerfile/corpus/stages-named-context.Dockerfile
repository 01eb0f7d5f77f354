FROM debian:12
COPY --from=src a /a
