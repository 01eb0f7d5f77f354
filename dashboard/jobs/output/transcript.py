"""A job's whole output, bounded, in order. Pure: values in, values out."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from dashboard.jobs.output.entries import (
    START,
    Dropped,
    Entry,
    EntryId,
    Line,
    decode,
    encode,
    is_last,
    line_count,
    text_size,
)

MAX_LINES: Final = 20_000
#: Bytes of all lines together.
MAX_SIZE: Final = 4 * 1024 * 1024


class Transcript:
    """The entries of one job as they stand now, and what a copy elsewhere lacks or has too much.

    An entry with a slot takes the place of the one before it in that slot, but keeps no place in the order: it moves
    to the end, where followers look for news. The oldest lines go first when there are too many.
    """

    def __init__(self, attempt: int, past: Iterable[tuple[EntryId, Entry]] = ()) -> None:
        self._next = EntryId(attempt, 1)
        self._entries: dict[EntryId, bytes] = {}
        self._slots: dict[str, EntryId] = {}
        # The entries that are lines of the log, each with how many.
        self._lines: deque[tuple[EntryId, int]] = deque()
        self._count = 0
        self._size = 0
        self._dropped = Dropped(0)
        self._removed: list[EntryId] = []
        for id_, entry in past:
            self._restore(id_, entry)
        self._next = max(self._next, self._following(self.last))

    def add(self, entry: Entry) -> EntryId:
        """Put `entry` at the end; answers its ID."""
        id_ = self._next
        self._next = self._following(id_)
        self._place(id_, entry)
        while self._is_over():
            self._drop_oldest_line()
        return id_

    def after(self, last: EntryId) -> Iterator[tuple[EntryId, bytes]]:
        """The entries beyond `last`, encoded."""
        newest_first = reversed(self._entries.items())
        found = []
        for id_, data in newest_first:
            if id_ <= last:
                break
            found.append((id_, data))
        return reversed(found)

    def everything(self) -> Iterator[tuple[EntryId, bytes]]:
        return iter(tuple(self._entries.items()))

    def take_removed(self) -> list[EntryId]:
        """The IDs that have been replaced or dropped since this was last asked."""
        removed, self._removed = self._removed, []
        return removed

    @property
    def is_over(self) -> bool:
        """Is the last entry the job's end?"""
        return bool(self._entries) and is_last(self._entries[self.last])

    @property
    def last(self) -> EntryId:
        return next(reversed(self._entries), START)

    def _restore(self, id_: EntryId, entry: Entry) -> None:
        if isinstance(entry, Dropped):
            self._dropped = entry
        self._place(id_, entry)

    def _place(self, id_: EntryId, entry: Entry) -> None:
        if entry.slot is not None:
            if (old := self._slots.get(entry.slot)) is not None:
                self._remove(old)
            self._slots[entry.slot] = id_
        self._entries[id_] = encode(entry)
        if isinstance(entry, Line):
            count = line_count(entry)
            self._lines.append((id_, count))
            self._count += count
            self._size += len(self._entries[id_])

    def _is_over(self) -> bool:
        return self._count > MAX_LINES or self._size > MAX_SIZE

    def _drop_oldest_line(self) -> None:
        oldest, count = self._lines.popleft()
        self._count -= count
        encoded = self._entries[oldest]
        self._size -= len(encoded)
        self._remove(oldest)
        self._dropped = Dropped(self._dropped.lines + count, self._dropped.size + text_size(decode(encoded)))
        self._place(self._next, self._dropped)
        self._next = self._following(self._next)

    @staticmethod
    def _following(id_: EntryId) -> EntryId:
        return EntryId(id_.attempt, id_.number + 1)

    def _remove(self, id_: EntryId) -> None:
        del self._entries[id_]
        self._removed.append(id_)
