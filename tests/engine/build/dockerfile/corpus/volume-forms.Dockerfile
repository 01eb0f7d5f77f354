FROM debian:12
ENV D=/c
VOLUME /a /b
VOLUME ["/a b", "$D"]
