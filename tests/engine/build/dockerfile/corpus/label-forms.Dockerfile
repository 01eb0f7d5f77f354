FROM debian:12
LABEL a=1 "b c"="d e" f='g' com.example.x="multi \
line"
LABEL old form
