FROM debian:12 AS base
RUN never
FROM base
RUN true
