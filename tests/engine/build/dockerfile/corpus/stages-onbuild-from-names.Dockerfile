FROM debian:12 AS a
ONBUILD COPY --from=a /x /x
FROM a
RUN b
