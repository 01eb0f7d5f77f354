FROM debian:12
COPY <<"EOF" /greeting
hello $NAME \$x
EOF
