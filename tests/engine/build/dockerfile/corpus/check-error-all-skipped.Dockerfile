# check=skip=MaintainerDeprecated;error=true
FROM debian:12
MAINTAINER me
