import pytest

from dashboard.containers.logs.query import MOST_LINES, LogQuery

FOLLOW = {"stdout": "1", "stderr": "1", "follow": "1", "timestamps": "1"}


@pytest.mark.parametrize(
    ("asked", "params"),
    [
        (b"", {"tail": "1000"}),
        (b"tail=5", {"tail": "5"}),
        (b"tail=99999999", {"tail": str(MOST_LINES)}),
        (b"since=2026-01-02T03:04:05.123456789Z", {"since": "1767323045.123456790"}),
        (b"since=2026-01-02T03:04:05.999999999Z", {"since": "1767323046.000000000"}),
        (b"since=2026-01-02T03:04:05Z&tail=5", {"since": "1767323045.000000001"}),
    ],
)
def test_what_the_engine_is_asked(asked: bytes, params: dict[str, str]) -> None:
    assert LogQuery.from_string(asked).params() == FOLLOW | params


@pytest.mark.parametrize("asked", [b"tail=all", b"tail=-1", b"since=yesterday", b"since=1767323045", b"tail=\xff"])
def test_what_can_not_be_read_is_refused(asked: bytes) -> None:
    with pytest.raises(ValueError):
        LogQuery.from_string(asked)
