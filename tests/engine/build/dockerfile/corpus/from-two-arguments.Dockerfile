FROM debian:12 builder
