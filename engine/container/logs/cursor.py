"""A place in a log, which moves on from file to file."""

import asyncio
import os
from collections import deque
from types import TracebackType
from typing import Final, Self

from engine.container.logs.files import LogFile, LogFiles
from engine.linux.inotify import FileWatch

_BLOCK: Final = 256 * 1024


class Cursor:
    """Gives the whole lines from its place on. A file that is open here stays readable when it has been removed.

    `skipped` is the file in which the place is after files were removed that had not been read yet.
    """

    def __init__(self, files: LogFiles, file: LogFile, offset: int = 0) -> None:
        self._files = files
        self._closed = False
        self._held: deque[tuple[LogFile, int]] = deque()
        self._newest_known = max((each.start or 0 for each in files.full()), default=-1)
        self._open(file)
        self.skipped: LogFile | None = None
        os.lseek(self._descriptor, offset, os.SEEK_SET)

    async def lines(self) -> bytes:
        """A block of whole lines or more, never of two files; empty when there is no whole line (yet)."""
        while True:
            is_last = self._files.current_inode() == self._file.inode  # asked before reading: a full file is complete
            if block := await _read_lines(self._descriptor):
                return block
            if is_last or not self._advance():
                return b""

    async def changed(self) -> None:
        """Return when there may be more lines than the last call of `lines` saw. May return early."""
        await self._watch.changed()

    def files_after(self) -> int | None:
        """How many files there are after this one; None when this one has been removed."""
        inodes = [file.inode for file in self._files.listing()]
        return len(inodes) - 1 - inodes.index(self._file.inode) if self._file.inode in inodes else None

    def hold(self) -> None:
        """Keep the files after this one readable, even if they are removed."""
        listing = self._files.listing()
        inodes = [file.inode for file in listing]
        here = inodes.index(self._file.inode) if self._file.inode in inodes else len(listing)
        for file in listing[here + 1 :]:
            self._held.append((file, os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)))

    def close(self) -> None:
        """Idempotent."""
        if not self._closed:
            self._closed = True
            self._close_file()
            while self._held:
                os.close(self._held.popleft()[1])

    def _close_file(self) -> None:
        self._watch.close()
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, file: LogFile, descriptor: int | None = None) -> None:
        self._descriptor = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC) if descriptor is None else descriptor
        # Rotation may have come between the listing and this: what was opened counts.
        self._file = LogFile(file.path, os.fstat(self._descriptor).st_ino, file.start)
        self._watch = FileWatch(f"/proc/self/fd/{self._descriptor}")

    def _advance(self) -> bool:
        """Go to the file after this one; False when there is none."""
        if self._held:
            self._close_file()
            self._open(*self._held.popleft())
            return True
        while (following := self._following()) is not None:
            file, is_next = following
            self._close_file()
            try:
                self._open(file)
            except FileNotFoundError:  # removed between the listing and now
                self._descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
                self._watch = FileWatch(os.devnull)
                continue
            self._newest_known = max(self._newest_known, file.start if file.start is not None else -1)
            if not is_next:
                self.skipped = file
            return True
        return False

    def _following(self) -> tuple[LogFile, bool] | None:
        """The next file, and whether nothing is missing between; what is unknown here is newer than what is open."""
        listing = self._files.listing()
        for position, file in enumerate(listing):
            if file.inode == self._file.inode:
                return (listing[position + 1], True) if position + 1 < len(listing) else None
        newer = [each for each in listing if each.start is None or each.start > self._newest_known]
        return (newer[0], False) if newer else None


async def _read_lines(descriptor: int) -> bytes:
    """Whole lines from the file's position on, a block or more; empty when there is no whole line (yet)."""
    block = os.read(descriptor, _BLOCK)
    while block and not block.endswith(b"\n"):
        cut = block.rfind(b"\n") + 1
        if cut:
            os.lseek(descriptor, cut - len(block), os.SEEK_CUR)
            return block[:cut]
        more = os.read(descriptor, _BLOCK)
        if not more:
            os.lseek(descriptor, -len(block), os.SEEK_CUR)
            return b""
        block += more
    await asyncio.sleep(0)  # a long log is read in turns with everybody else's requests
    return block
