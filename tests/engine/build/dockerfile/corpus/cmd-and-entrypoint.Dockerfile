FROM debian:12
SHELL ["/bin/bash", "-c"]
ENTRYPOINT exec top -b
CMD ["-H"]
