"""Large files of jobs, in the console's own directory: archives that were uploaded, and images that were saved.

They are kept for a while, and then swept away. A worker on another machine has none of them, and says so.
"""

import asyncio
import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from uuid import UUID

from django.conf import settings

#: Seconds that a file is kept.
KEPT: Final = 7 * 24 * 3600
#: Bytes of one upload.
LARGEST: Final = 4 * 1024**3
#: Bytes of disk that are left to others: a full disk stops everything, and not the upload alone.
RESERVE: Final = 512 * 1024**2
PIECE: Final = 256 * 1024
_DRAFT: Final = ".draft"


class NoRoom(OSError):
    """The file is larger than it may be, or the disk is full; the text is for the user."""


@dataclass(frozen=True)
class Shelf:
    """One kind of files, each named by a UUID."""

    name: str

    @property
    def directory(self) -> Path:
        """May be read by nobody else: images and sources have secrets."""
        path: Path = settings.ENVIRONMENT.state / self.name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def path_of(self, id_: UUID) -> Path:
        return self.directory / str(id_)

    @contextmanager
    def writing(self, id_: UUID) -> Iterator["Draft"]:
        """A file that is there, whole, once the block has ended well; and else not. Raises OSError."""
        draft = self.directory / f".{id_}.{secrets.token_hex(4)}{_DRAFT}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield Draft(file)
                file.flush()
                os.fsync(descriptor)
            draft.replace(self.path_of(id_))
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def sweep(self) -> None:
        """Remove what is older than it is kept, and drafts that nobody has written to for an hour."""
        now = time.time()
        for path in self.directory.iterdir():
            age = 3600 if path.name.endswith(_DRAFT) else KEPT
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < now - age:
                    path.unlink()


class Draft:
    """A file that is being written; `size` in bytes, `digest` is its SHA-256 so far."""

    def __init__(self, file: IO[bytes]) -> None:
        self.size = 0
        self._file = file
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Raises NoRoom."""
        self.size += len(data)
        if self.size > LARGEST:
            raise NoRoom(f"more than {LARGEST} bytes")
        self._hash.update(data)
        self._file.write(data)

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


UPLOADS: Final = Shelf("uploads")
SAVED: Final = Shelf("saved")


def has_room(size: int) -> bool:
    """Whether the disk can take so many bytes more."""
    state = os.statvfs(settings.ENVIRONMENT.state)
    return state.f_bavail * state.f_frsize > size + RESERVE


def is_here() -> bool:
    """Whether this process is on the console's machine, and so has its files."""
    return bool(settings.ENVIRONMENT.state.is_dir())


async def pieces(path: Path) -> AsyncIterator[bytes]:
    """A file's content, read beside the event loop. Raises OSError."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while data := await asyncio.to_thread(file.read, PIECE):
            yield data
    finally:
        file.close()
