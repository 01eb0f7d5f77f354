FROM debian:12
RUN ["/bin/echo", "$HOME", "a b"]
