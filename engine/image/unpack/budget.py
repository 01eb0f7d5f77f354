"""How much a layer may take of the disk."""

import os
from typing import Final

from engine.image.unpack.errors import LayerError

#: The file system is looked at after this many bytes or entries.
_LOOK_BYTES: Final = 64 << 20
_LOOK_ENTRIES: Final = 4096


class Budget:
    """Counts bytes and entries against a limit, and against what the file system must keep free for others."""

    def __init__(self, *, limit: int, reserve: int) -> None:
        self._limit = limit
        self._reserve = reserve
        self._used = 0
        self._bytes_until_look = 0
        self._entries_until_look = 0

    def take_bytes(self, count: int) -> None:
        """Account for bytes that are about to be written; raises LayerError."""
        self._used += count
        if self._used > self._limit:
            raise LayerError(f"layer unpacks to more than {self._limit} bytes")
        self._bytes_until_look -= count
        if self._bytes_until_look < 0:
            self._bytes_until_look = _LOOK_BYTES
            self._look()

    def take_entry(self) -> None:
        self._entries_until_look -= 1
        if self._entries_until_look < 0:
            self._entries_until_look = _LOOK_ENTRIES
            self._look()

    def _look(self) -> None:
        disk = os.statvfs("/")
        if disk.f_bavail * disk.f_frsize < self._reserve:
            raise LayerError(f"no space left for layers: less than {self._reserve} bytes are free")
        if disk.f_files and disk.f_favail < disk.f_files // 100:
            raise LayerError("no space left for layers: less than 1 % of the file system's inodes are free")
