"""A log's output from one byte on, as it was written: whichever file it is in by now."""

import asyncio
from collections.abc import Iterator
from itertools import groupby
from typing import Self

from engine.container.logs.cursor import Cursor
from engine.container.logs.entry import parse
from engine.container.logs.files import LogFiles
from engine.container.streams import Chunk


class Playback:
    """`position` is the number of the next byte; all streams are counted together, from the log's beginning."""

    def __init__(self, files: LogFiles, cursor: Cursor, start: int, position: int) -> None:
        self.position = position
        self._files = files
        self._cursor = cursor
        self._skip = position - start

    @classmethod
    def open(cls, files: LogFiles, position: int) -> Self | None:
        """From `position`, or from the oldest byte that is left; None without a log. May read a file: in a thread."""
        while listing := files.listing():
            starts = [files.start(file) for file in listing]
            index = max((number for number, start in enumerate(starts) if start <= position), default=0)
            try:
                cursor = Cursor(files, listing[index])
            except FileNotFoundError:  # rotated away meanwhile
                continue
            return cls(files, cursor, starts[index], max(position, starts[index]))
        return None

    async def chunks(self) -> list[Chunk]:
        """The next ones, none when there are no more (yet). `position` jumps where files were removed unread."""
        while block := await self._cursor.lines():
            if (file := self._cursor.skipped) is not None:
                self._cursor.skipped = None
                self.position, self._skip = await asyncio.to_thread(self._files.start, file), 0
            if found := list(self._unread(block)):
                return found
        return []

    async def changed(self) -> None:
        await self._cursor.changed()

    def is_endangered(self) -> bool:
        """Is this the oldest file that is left, so that the next but one rotation removes what follows it?"""
        if self._files.max_files is None:
            return False
        after = self._cursor.files_after()
        return after is None or after >= self._files.max_files - 1

    def hold(self) -> None:
        """Keep what is there now readable, even if it is removed; what is added later is not read."""
        self._cursor.hold()

    def close(self) -> None:
        self._cursor.close()

    def _unread(self, block: bytes) -> Iterator[Chunk]:
        entries = [entry for line in block.split(b"\n") if (entry := parse(line)) is not None]
        for stream, run in groupby(entries, key=lambda entry: entry.stream):
            data = b"".join(entry.data for entry in run)
            rest = data[self._skip :]
            self._skip = max(0, self._skip - len(data))
            if rest:
                self.position += len(rest)
                yield Chunk(stream, rest)
