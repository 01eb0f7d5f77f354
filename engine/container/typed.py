"""How much of each client's input an exec session has taken, by the name that the client gave itself.

A client whose connection broke can't know what of its input arrived. So input is counted here, by source, and a client
that comes back goes on where the count stands. The counts are in a file of fixed slots, each written by one system
call after the bytes that it counts have gone to the monitor: a later engine finds them.
"""

import os
import re
import struct
from pathlib import Path
from typing import Final

from engine.errors import InvalidParameter

_SLOT: Final = struct.Struct("64sQ")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Sources that one session counts; the one that typed longest ago is forgotten for a new one.
MOST: Final = 64


class Typed:
    """Counts of bytes by source; `path` is made by the first that is counted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counts: dict[str, int] = {}
        self._slots: dict[str, int] = {}
        if path.exists():
            self._read(path.read_bytes())

    def count(self, source: str) -> int:
        return self._counts.get(source, 0)

    def add(self, source: str, size: int) -> None:
        """`size` further bytes of `source` have been taken."""
        self._counts[source] = self._counts.pop(source, 0) + size  # popped: the last to type is the last in order
        if source not in self._slots:
            self._slots[source] = self._free_slot()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            slot = _SLOT.pack(source.encode("ascii"), self._counts[source])
            os.pwrite(descriptor, slot, self._slots[source] * _SLOT.size)
        finally:
            os.close(descriptor)

    def _free_slot(self) -> int:
        if len(self._slots) < MOST:
            return len(self._slots)
        oldest = next(iter(self._counts))
        del self._counts[oldest]
        return self._slots.pop(oldest)

    def _read(self, data: bytes) -> None:
        whole = len(data) - len(data) % _SLOT.size
        for number, (name, count) in enumerate(_SLOT.iter_unpack(data[:whole])):
            source = name.rstrip(b"\0").decode("ascii", "replace")
            self._slots[source], self._counts[source] = number, count


def check_source(name: str) -> None:
    """Raise InvalidParameter for what can't name a source of input."""
    if not _NAME.fullmatch(name):
        raise InvalidParameter(f"invalid source {name!r}: 1 to 64 letters, digits, dots, dashes or underscores")
