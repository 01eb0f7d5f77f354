FROM debian:12

# a comment
RUNN echo hello
