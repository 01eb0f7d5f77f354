"""A program's bytes as lines."""

from hypothesis import given
from hypothesis import strategies as st

from dashboard.jobs.output.entries import Level
from workers.lines import LONGEST, Lines


def heard(pieces: list[bytes]) -> list[str]:
    found: list[str] = []

    class Out:
        def line(self, text: str, level: Level) -> None:
            assert level is Level.OUT
            found.extend(text.split("\n"))

    lines = Lines(Out(), Level.OUT)
    for piece in pieces:
        lines.feed(piece)
    lines.end()
    return found


@given(st.text(alphabet="aé€😀\n", max_size=40), st.data())
def test_however_the_bytes_are_cut_the_lines_are_the_same(text: str, data: st.DataObject) -> None:
    encoded = text.encode()
    places = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=5)))
    pieces = [encoded[a:b] for a, b in zip([0, *places], [*places, len(encoded)], strict=True)]
    expected = text.split("\n")
    assert heard(pieces) == (expected[:-1] if expected[-1] == "" else expected)


def test_a_line_without_an_end_comes_in_parts() -> None:
    assert [len(line) for line in heard([b"x" * (2 * LONGEST + 1)])] == [LONGEST, LONGEST, 1]
