FROM debian:12
RUN --mount=type=bind,source=a,target=/src,rw make
