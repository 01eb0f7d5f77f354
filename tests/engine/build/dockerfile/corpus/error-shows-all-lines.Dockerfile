FROM debian:12
RUN echo a && \
    echo b
COPY --chown=1 \
  # a comment
  only-one
