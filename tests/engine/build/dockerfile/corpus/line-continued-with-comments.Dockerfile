FROM debian:12
RUN a && \
# first
    # second
    b
