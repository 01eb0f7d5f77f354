"""Lines that were said together become one entry: a program prints faster than entries can be made. Pure."""

from collections.abc import Iterator
from typing import Final

from dashboard.jobs.output.entries import MAX_TEXT

#: Lines and characters of one entry.
MOST_LINES: Final = 500
MOST_TEXT: Final = 64 * 1024


class Bundle:
    """What was said and is not an entry yet. `at` is when the first of it was, in seconds since 1970."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._size = 0
        self.at = 0.0

    @property
    def is_empty(self) -> bool:
        return not self._texts

    @property
    def is_full(self) -> bool:
        return self._size > MOST_TEXT

    def add(self, text: str, at: float) -> None:
        """`text` is one line or several."""
        if not self._texts:
            self.at = at
        self._texts.append(text)
        self._size += len(text) + 1

    def take(self) -> str:
        """All of it; nothing is left."""
        text = "\n".join(self._texts)
        self._texts, self._size = [], 0
        return text


def portions(text: str) -> Iterator[str]:
    """`text` in pieces that an entry can take, each of whole lines; a line that is longer than people read is cut."""
    portion: list[str] = []
    size = 0
    for line in text.splitlines():
        cut = line if len(line) <= MAX_TEXT else line[:MAX_TEXT] + "…"
        if portion and (len(portion) >= MOST_LINES or size + len(cut) > MOST_TEXT):
            yield "\n".join(portion)
            portion, size = [], 0
        portion.append(cut)
        size += len(cut)
    if portion:
        yield "\n".join(portion)
