FROM debian:12 AS a
ARG X=1
ENV Y=$X
FROM a
ENV Z=${X:-gone}
