FROM golang:1.22 AS build
RUN go build
FROM scratch AS final
COPY --from=build /app /app
