FROM debian:12 AS a
COPY --from=c /x /x
FROM a AS b
FROM debian:12 AS c
COPY --from=b /x /x
FROM c
