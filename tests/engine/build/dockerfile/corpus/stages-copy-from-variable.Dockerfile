FROM debian:12 AS a
ARG WHERE=a
FROM debian:12
COPY --from=$WHERE /x /x
