FROM debian:12
RUN --mount=type=bind,target=/c,sharing=shared ls
