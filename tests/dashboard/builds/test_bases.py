"""Which images a Dockerfile is made from."""

import pytest

from dashboard.builds.bases import bases_of

WHOLE = r"""# syntax=docker/dockerfile:1
ARG VERSION=12
ARG REGISTRY
FROM --platform=linux/amd64 debian:${VERSION} AS Build
ARG VERSION=never
RUN <<EOF
FROM inside:1
EOF
RUN --mount=type=bind,from=tools:2,target=/tools --mount=type=cache,target=/c \
    # a comment between
    make
COPY --from=golang:1.22 --chown=1:1 /a /b
FROM ${REGISTRY:-quay.example}/run:$VERSION
COPY --from=build /x /x
COPY --from=0 /y /y
COPY --from=other:1@sha256:0000000000000000000000000000000000000000000000000000000000000000 /z /z
FROM scratch
"""


def test_finds_each_from_copy_and_mount() -> None:
    assert bases_of(WHOLE, {}) == ["debian:12", "tools:2", "golang:1.22", "quay.example/run:12"]


def test_arguments_of_the_build_go_before_defaults() -> None:
    assert bases_of(WHOLE, {"VERSION": "13", "REGISTRY": "r:5000"})[-1] == "r:5000/run:13"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("FROM", []),
        ("FROM $NOTHING", []),
        ("FROM a\nFROM b AS a\nFROM a", ["a", "b"]),
        ("from a as b\nfrom b\n", ["a"]),
        ("# escape=`\nFROM a`\n AS b\nRUN echo \\\nFROM c", ["a", "c"]),
        ("FROM a\nRUN cat <<-'X' <<Y\nFROM b\n\tX\nFROM c\nY\nFROM d", ["a", "d"]),
        ("FROM a\nRUN echo --mount=from=b", ["a"]),
        ("ARG A=x\nFROM ${A:+alpine}", ["alpine"]),
        ("FROM NotAnImage", []),
    ],
)
def test_reads_what_is_clear(text: str, found: list[str]) -> None:
    assert bases_of(text, {}) == found
