# check=skip=MaintainerDeprecated, JSONArgsRecommended
FROM debian:12
MAINTAINER me
CMD a
ENV A b
