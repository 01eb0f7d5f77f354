# syntax=docker/dockerfile:1.7
ARG GO=1.22
FROM --platform=$BUILDPLATFORM golang:${GO} AS deps
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download

FROM deps AS build
ARG TARGETOS TARGETARCH
COPY --link . .
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -o /out/app ./cmd/app

FROM deps AS lint
RUN golangci-lint run

FROM gcr.io/distroless/static AS final
LABEL org.opencontainers.image.title="app"
COPY --from=build --chown=65532:65532 /out/app /app
USER 65532
EXPOSE 8080
HEALTHCHECK --interval=30s CMD ["/app", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app"]
CMD ["serve"]
