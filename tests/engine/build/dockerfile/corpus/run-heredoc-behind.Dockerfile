FROM debian:12
RUN cat <<EOF > /file && echo done
line
EOF
