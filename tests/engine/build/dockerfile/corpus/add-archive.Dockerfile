FROM scratch
ADD rootfs.tar.xz /
ADD --unpack=false data.tar /data/
ADD --unpack https://example.com/x.tar /x/
