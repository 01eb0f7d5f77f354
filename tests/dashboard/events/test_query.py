import pytest

from dashboard.events.query import EventQuery


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (b"", EventQuery()),
        (b"ago=3600", EventQuery(ago=3600)),
        (b"ago=99999999999", EventQuery(ago=366 * 24 * 3600)),
        (b"after=1780000000123456789", EventQuery(after=1780000000123456789)),
    ],
)
def test_reads_what_a_page_asks_for(text: bytes, query: EventQuery) -> None:
    assert EventQuery.from_string(text) == query


@pytest.mark.parametrize("text", [b"ago=-1", b"ago=x", b"after=1.5", "ago=١".encode(), b"after=" + b"9" * 30])
def test_refuses_the_rest(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a number|ascii"):
        EventQuery.from_string(text)


def test_the_last_event_seen_does_not_come_again() -> None:
    assert EventQuery(after=1780000000999999999).params() == {"since": "1780000001.000000000"}


def test_from_now_on_asks_for_nothing_of_the_past() -> None:
    assert EventQuery().params() == {}
