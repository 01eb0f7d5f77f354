FROM debian:$NOPE-slim
