FROM debian:12
RUN --mount=from=$X,target=/c ls
