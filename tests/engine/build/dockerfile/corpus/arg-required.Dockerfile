ARG VERSION
FROM debian:${VERSION:?required}
