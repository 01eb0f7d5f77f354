FROM debian:12
COPY hom?.t[x-z]t *.py /m/
