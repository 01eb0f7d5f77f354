import pytest

from engine.errors import InvalidParameter
from engine.server.times import nanoseconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, 0),
        ("", 0),
        ("0", 0),
        ("1136073845", 1136073845_000000000),
        ("1136073845.5", 1136073845_500000000),
        ("1136073845.000000001", 1136073845_000000001),
        ("1136073845.0000000019", 1136073845_000000001),
        ("2006-01-02T15:04:05Z", 1136214245_000000000),
        ("2006-01-02T17:04:05.25+02:00", 1136214245_250000000),
    ],
)
def test_moments(text: str | None, expected: int):
    assert nanoseconds(text, "since") == expected


@pytest.mark.parametrize("text", ["abc", "1e9", "12.", ".5", "١٢", "10m", "1136073845,5"])
def test_what_is_no_moment(text: str):
    with pytest.raises(InvalidParameter, match="for since: a Unix time is expected"):
        nanoseconds(text, "since")
