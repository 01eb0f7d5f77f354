FROM debian:12
RUN ["echo", "a\tb\u00e9\\", "\ud83d\ude00", "\ud800"]
