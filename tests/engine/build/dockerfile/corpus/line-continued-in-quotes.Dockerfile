FROM debian:12
LABEL text="a \
  b"
