FROM debian:12
ARG V=1
COPY <<EOF /a
${V} ${NONE:-d} $$ 'it''s' \\
EOF
