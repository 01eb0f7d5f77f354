# escape=`
FROM debian:12
COPY a `
     b
ENV P=C:\x Q=`"q`"
RUN dir `
  c:\
