FROM debian:12
ARG https_proxy
ENV P=$https_proxy
