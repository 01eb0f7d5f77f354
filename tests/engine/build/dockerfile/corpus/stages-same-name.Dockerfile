FROM debian:12 AS a
FROM alpine:3 AS a
FROM a
