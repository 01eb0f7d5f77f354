FROM debian:12
RUN a && \

    b \

    c
ENV X=1 \

    Y=2
