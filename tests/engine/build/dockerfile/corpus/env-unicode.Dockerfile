FROM debian:12
ENV GRUSS="grüß Gott 你好"
