# check=skip=all
FROM debian:12
MAINTAINER me
