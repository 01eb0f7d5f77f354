FROM debian:12 AS first
COPY --from=second /a /a
FROM alpine:3 AS second
RUN make
FROM first
