FROM debian:12
RUN [ -f /etc/passwd ] && echo yes
