"""Where the last lines of a log begin."""

import os
from collections.abc import Iterator, Sequence
from typing import Final

from engine.container.logs.entry import parse
from engine.container.logs.files import LogFile
from engine.container.streams import Stream

_BLOCK: Final = 256 * 1024


def tail_start(files: Sequence[LogFile], count: int, wanted: frozenset[Stream]) -> tuple[LogFile, int]:
    """The file and the offset at which the last `count` lines of the wanted streams begin.

    Read backwards, each whole entry ends a line (an older one than all seen so far), and so does a part that
    nothing follows; other parts belong to the line of the entry after them. `files` (the oldest first) is not empty.
    """
    start = files[-1], files[-1].path.stat().st_size
    lines, seen = 0, set[Stream]()
    for file, offset, line in _reversed_lines(files):
        entry = parse(line)
        if entry is None or entry.stream not in wanted:
            continue
        if entry.whole or entry.stream not in seen:
            if lines == count:
                break
            lines += 1
        seen.add(entry.stream)
        start = file, offset
    return start


def _reversed_lines(files: Sequence[LogFile]) -> Iterator[tuple[LogFile, int, bytes]]:
    for file in reversed(files):
        with file.path.open("rb") as opened:
            for offset, line in _reversed_lines_of(opened.fileno()):
                yield file, offset, line


def _reversed_lines_of(descriptor: int) -> Iterator[tuple[int, bytes]]:
    """The file's whole lines with their offsets, the last first."""
    position = os.fstat(descriptor).st_size
    carried = b""
    while position > 0:
        size = min(_BLOCK, position)
        position -= size
        block = os.pread(descriptor, size, position) + carried
        first = block.find(b"\n") + 1 if position > 0 else 0
        carried, rest = block[:first], block[first:]
        offset = position + first + rest.rfind(b"\n") + 1
        for line in reversed(rest.split(b"\n")[:-1]):
            offset -= len(line) + 1
            yield offset, line
