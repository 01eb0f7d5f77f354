FROM debian:12
EXPOSE http
