"""Paths as Go's filepath cleans and splits them."""

import pytest

from engine.container.archive.worker import paths, stat


@pytest.mark.parametrize(
    ("given", "absolute", "base"),
    [
        ("/", "/", "/"),
        ("a", "/a", "a"),
        ("/a/b", "/a/b", "b"),
        ("a//b/", "/a/b/", "b"),
        ("/a/.", "/a/.", "."),
        (".", "/.", "."),
        ("/a/../..", "/", "/"),
        ("//../../etc/passwd", "/etc/passwd", "passwd"),
    ],
)
def test_clean_paths_keep_what_their_end_asks_for(given: str, absolute: str, base: str) -> None:
    assert paths.absolute(given) == absolute
    assert paths.base(absolute) == base


@pytest.mark.parametrize(
    ("mode", "go"),
    [
        (0o100644, 0o644),
        (0o041777, 1 << 31 | 1 << 20 | 0o777),
        (0o120777, 1 << 27 | 0o777),
        (0o020600, 1 << 26 | 1 << 21 | 0o600),
        (0o060600, 1 << 26 | 0o600),
        (0o010600, 1 << 25 | 0o600),
        (0o140755, 1 << 24 | 0o755),
        (0o106755, 1 << 23 | 1 << 22 | 0o755),
    ],
)
def test_modes_are_gos(mode: int, go: int) -> None:
    assert stat.go_mode(mode) == go


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_700_000_000_120_000_000, "2023-11-14T22:13:20.12Z"),
        (-1, "1969-12-31T23:59:59.999999999Z"),
    ],
)
def test_times_have_the_decimals_they_need(nanoseconds: int, text: str) -> None:
    assert stat.rfc3339(nanoseconds) == text
