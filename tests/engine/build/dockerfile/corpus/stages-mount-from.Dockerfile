FROM debian:12 AS tools
FROM debian:12
RUN --mount=from=tools,target=/t --mount=type=cache,target=/c,from=alpine:3,source=/etc ls
