FROM debian:12
COPY <<EOF /a
${V
EOF
