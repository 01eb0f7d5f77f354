FROM debian:12
RUN <<EOF
FROM nothing
# comment
RUN \
EOF
RUN after
