# check=sikp=all
FROM debian:12
