FROM debian:12
ARG REV=abc
LABEL rev=$REV lit='$REV' $REV=x
