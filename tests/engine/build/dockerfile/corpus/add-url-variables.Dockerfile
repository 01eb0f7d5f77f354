FROM scratch
ARG V=1.2
ADD https://example.com/a-${V}.tgz /a/
