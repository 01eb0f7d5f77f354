FROM golang:1.22
FROM scratch
