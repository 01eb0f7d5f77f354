FROM debian:12
RUN --security=insecure mount -t proc none /mnt
