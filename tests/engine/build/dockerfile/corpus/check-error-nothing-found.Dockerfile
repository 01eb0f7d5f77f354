# check=error=true
FROM debian:12
CMD ["a"]
