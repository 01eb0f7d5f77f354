FROM debian:12
ENV =1
