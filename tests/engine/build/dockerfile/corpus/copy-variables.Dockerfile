FROM debian:12
ARG FROM_DIR=src OWNER=1000
ENV TO=/app
COPY --chown=$OWNER:$OWNER --chmod=${MODE:-0644} ${FROM_DIR}/* $TO/
