FROM --platform=$BUILDPLATFORM debian:12 AS build
FROM --platform=${TARGETPLATFORM} debian:12
COPY --from=build /x /x
