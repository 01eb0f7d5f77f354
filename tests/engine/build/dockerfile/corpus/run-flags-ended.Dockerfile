FROM debian:12
RUN -- --not-a-flag
