FROM debian:12
ONBUILD RUN echo $X
ONBUILD COPY --chown=1 . /app
onbuild env A=1
