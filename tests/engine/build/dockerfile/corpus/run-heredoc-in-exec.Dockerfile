FROM debian:12
RUN ["cat", "<<EOF"]
