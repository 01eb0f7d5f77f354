#syntax=docker.io/docker/dockerfile:1.7-labs
# check=skip=all;error=true
# escape=`
FROM debian:12
