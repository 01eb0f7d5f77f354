"""The log as one text, from any byte on."""

import pytest

from dashboard.jobs.output.entries import Dropped, EntryId, Layer, Line, encode
from dashboard.jobs.output.text import joined

ENTRIES = [
    (EntryId(1, 1), encode(Line("one", at=0))),
    (EntryId(1, 2), encode(Layer("x", 0, "Pulling"))),
    (EntryId(1, 3), encode(Line("zwölf\ndrei", at=0))),
]


def test_it_is_the_lines_alone() -> None:
    text = joined(ENTRIES)
    assert (text.data.decode(), text.start, text.end) == ("one\nzwölf\ndrei\n", 0, 16)


@pytest.mark.parametrize("offset", range(20))
def test_what_was_read_before_is_left_out(offset: int) -> None:
    text = joined(ENTRIES)
    rest = text.after(offset)
    assert rest.data == text.data[offset:]
    assert rest.end == text.end


def test_offsets_hold_when_the_oldest_lines_were_let_go() -> None:
    text = joined([(EntryId(1, 9), encode(Dropped(lines=2, size=10))), *ENTRIES[2:]])
    assert (text.start, text.end) == (10, 22)
    assert text.after(0).start == 10
    assert text.after(17).data == b"drei\n"
