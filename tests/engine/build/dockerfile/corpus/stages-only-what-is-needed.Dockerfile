FROM debian:12 AS unused
RUN exit 1
FROM debian:12 AS used
RUN true
FROM scratch
COPY --from=used /bin/true /true
