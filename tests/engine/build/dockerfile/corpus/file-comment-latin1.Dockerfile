# café
FROM debian:12
