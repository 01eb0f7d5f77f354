FROM debian:12 AS base
FROM base AS left
RUN left
FROM base AS right
RUN right
FROM base
COPY --from=left /l /l
COPY --from=right /r /r
