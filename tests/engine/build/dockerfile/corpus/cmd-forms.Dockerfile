FROM debian:12
CMD ["a", "$b"]
CMD a "$b"
CMD []
CMD
