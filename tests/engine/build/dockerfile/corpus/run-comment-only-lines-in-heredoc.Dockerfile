FROM debian:12
RUN <<EOF
# a comment of the script

echo a
EOF
