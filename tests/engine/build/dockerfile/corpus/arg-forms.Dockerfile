FROM debian:12
ARG A
ARG B=2
ARG C="three words" D=$B-x E=${D}y
ENV V=$A/$B/$C/$D/$E
