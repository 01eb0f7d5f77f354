FROM scratch
ADD <<EOF /a
x
EOF
