FROM debian:12
RUN --mount=type=bind,"source=a b",target=/x ls
