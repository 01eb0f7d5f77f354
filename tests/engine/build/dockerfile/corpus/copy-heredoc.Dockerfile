FROM debian:12
ENV NAME=world
COPY <<EOF /greeting
hello $NAME
 "quoted" \$NAME
EOF
