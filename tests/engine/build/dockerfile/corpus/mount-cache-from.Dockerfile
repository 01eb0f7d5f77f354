FROM debian:12 AS seed
FROM debian:12
RUN --mount=type=cache,target=/c,from=seed,source=/s,sharing=private ls
