# check=error=true
FROM debian:12
MAINTAINER me
CMD a
