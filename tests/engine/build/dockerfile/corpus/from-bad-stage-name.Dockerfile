FROM debian:12 AS 2nd
