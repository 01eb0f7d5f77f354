"""The files of one log: the one that the monitor writes, and those that were full before it.

A full file is called `NAME.START`, START being how many bytes of output the log had received before its first: so the
names sort by age, and every byte of output has a number by which it can be found again, also by a later engine.
Where no full file is kept, an empty one keeps the number.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.container.logs.entry import output_length

_BLOCK: Final = 256 * 1024


@dataclass(frozen=True)
class LogFile:
    """One of them; `start` is None for the one that is being written."""

    path: Path
    inode: int
    start: int | None = None


class LogFiles:
    """They are found anew at each question: the rotation may be another task's, or was another engine's.

    `max_files` is how many the rotation leaves, None for all.
    """

    def __init__(self, path: Path, max_files: int | None = None) -> None:
        self.path = path
        self.max_files = max_files

    def listing(self) -> list[LogFile]:
        """All of them, the oldest first; empty for a container that never ran."""
        while True:
            inode = self.current_inode()
            full = [each for each in self.full() if each.inode != inode]
            if inode == self.current_inode():  # no rotation has come between
                return [*full, LogFile(self.path, inode)] if inode is not None else full

    def full(self) -> list[LogFile]:
        """Those that are not written to any more, and (during a rotation) the one that soon will not be."""
        prefix = self.path.name + "."
        found = []
        for entry in os.scandir(self.path.parent) if self.path.parent.is_dir() else ():
            start = entry.name.removeprefix(prefix)
            if entry.name.startswith(prefix) and start.isdigit():
                found.append(LogFile(Path(entry.path), entry.inode(), int(start)))
        return sorted(found, key=lambda each: each.start or 0)

    def current_inode(self) -> int | None:
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return None

    def size(self) -> int:
        """Bytes of the file that is being written."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def start(self, file: LogFile) -> int:
        """The number of the file's first byte of output. May read a whole file: not for the event loop."""
        if file.start is not None:
            return file.start
        full = [each for each in self.full() if each.inode != file.inode]
        return (full[-1].start or 0) + count_output(full[-1].path) if full else 0

    def end(self) -> int:
        """How many bytes of output the log has received. Reads a whole file: not for the event loop."""
        current = LogFile(self.path, self.current_inode() or 0)
        return self.start(current) + count_output(self.path)


def count_output(path: Path) -> int:
    """Bytes of output in one file, 0 when it is not there."""
    try:
        with path.open("rb") as file:
            return sum(output_length(block) for block in _whole_lines(file.fileno()))
    except FileNotFoundError:
        return 0


def _whole_lines(descriptor: int) -> Iterator[bytes]:
    carried = b""
    while block := os.read(descriptor, _BLOCK):
        block = carried + block
        cut = block.rfind(b"\n") + 1
        carried = block[cut:]
        if cut:
            yield block[:cut]
