FROM debian:12
RUN --mount=type=ssh,id=default,required=true git clone
