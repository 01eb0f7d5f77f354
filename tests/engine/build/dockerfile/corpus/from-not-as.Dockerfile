FROM debian:12 IS builder
