"""Recordings on disk: `<id>.cast`, and `<id>.json` beside it, which says how far it goes.

The note is written after the lines that it counts. A recorder that was killed in between leaves lines which the next
one cuts off, and records again: each byte of output is in the recording once, whichever web process was there.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Self

from django.conf import settings


@dataclass(frozen=True)
class Note:
    """The recording holds output up to byte `offset`, in `size` bytes of file; `begin` is its beginning (epoch)."""

    offset: int
    size: int
    begin: float


def folder() -> Path:
    """Where they are; made where it is missing."""
    path: Path = settings.TERMINAL_RECORDINGS
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def cast_path(identifier: str) -> Path:
    return folder() / f"{identifier}.cast"


def note_path(identifier: str) -> Path:
    return folder() / f"{identifier}.json"


def read_note(identifier: str) -> Note | None:
    with suppress(FileNotFoundError, ValueError, TypeError):
        return Note(**json.loads(note_path(identifier).read_text()))
    return None


def remove(identifier: str) -> None:
    """Idempotent."""
    cast_path(identifier).unlink(missing_ok=True)
    note_path(identifier).unlink(missing_ok=True)


def older_than(seconds: float) -> Iterator[str]:
    """The names of those that nobody has written to for so long."""
    for path in folder().glob("*.cast"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > seconds:
                yield path.stem


class RecordingFile:
    """One recording, open for writing by this process alone."""

    def __init__(self, identifier: str, file: IO[str], note: Note) -> None:
        self.note = note
        self._identifier = identifier
        self._file = file

    @classmethod
    def open(cls, identifier: str, header: str) -> Self | None:
        """Go on with a recording, or begin it with `header`; None while another one writes it."""
        file = cast_path(identifier).open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        note = read_note(identifier)
        os.truncate(file.fileno(), note.size if note else 0)
        recording = cls(identifier, file, note or Note(0, 0, time.time()))
        if note is None:
            recording.append(header, 0)
        return recording

    def append(self, lines: str, offset: int) -> None:
        """Write `lines`, with which it holds all output below `offset`."""
        self._file.write(lines)
        self._file.flush()
        self.note = Note(offset, os.fstat(self._file.fileno()).st_size, self.note.begin)
        path = note_path(self._identifier)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self.note)))
        draft.replace(path)

    def close(self) -> None:
        self._file.close()
