"""Logs outlive their containers, for a time and up to a size: nobody can debug a container that is gone.

A removed container's folder becomes its archive's by one rename, a note in it saying whose it was; so the archive
costs a removal nothing, and there is no other state: what is in the folder is what there is.
"""

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from engine import tasks
from engine.container.logs.archived import ArchivedLog, select
from engine.container.logs.files import LogFiles
from engine.container.logs.reader import LogOptions, read
from engine.container.streams import Chunk
from engine.errors import InvalidParameter, NotFound

log = structlog.get_logger(__name__)

LOG: Final = "output.log"
_NOTE: Final = "archived.json"
_SWEEP_EVERY_S: Final = 600
#: What has been added since the last sweep may be this part of all that is kept.
_SLACK: Final = 20


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How long logs are kept after their containers, in seconds, and how much of them, in bytes; 0 for none."""

    seconds: float
    size: int

    @property
    def keeps(self) -> bool:
        return self.seconds > 0 and self.size > 0


class LogArchive:
    """All archived logs below `root`."""

    def __init__(self, root: Path, retention: Retention) -> None:
        self._root = root
        self._retention = retention
        self._added = 0
        self._due = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Sweep now, and from then on."""
        tasks.spawn(self._sweep_often(), name="log archive", owner=self._tasks)

    async def close(self) -> None:
        await tasks.cancel_all(self._tasks)

    async def keep(self, note: ArchivedLog, folder: Path) -> None:
        """Take the folder over, with its log. Where there is nothing to keep the folder stays, and is the caller's.

        A disk that is full, or anything else that stands against it, must not stand against the removal.
        """
        if self._retention.keeps and await asyncio.to_thread(self._take, note, folder):
            self._added += _size(self._root / note.id)
            if self._added > self._retention.size / _SLACK:
                self._due.set()

    async def list(self, filters: Mapping[str, Sequence[str]]) -> list[ArchivedLog]:
        """Those that pass the filters (id, name, image, label), the last removed first. Raises InvalidParameter."""
        select((), filters)
        return await asyncio.to_thread(lambda: select(self._notes(), filters))

    async def find(self, ref: str) -> ArchivedLog:
        """By ID, by the beginning of one, or by name (the last removed of that name).

        Raises NotFound, and InvalidParameter for the beginning of several IDs.
        """
        return await asyncio.to_thread(self._find, ref)

    def read(self, archived: ArchivedLog, options: LogOptions) -> AsyncIterator[Chunk]:
        """The log's chunks. Raises InvalidParameter when no stream is asked for."""
        if not (options.stdout or options.stderr):
            raise InvalidParameter("Bad parameters: you must choose at least one stream")
        if options.details is not None:
            options = replace(options, details=archived.details)
        ended = asyncio.Event()
        ended.set()
        return read(self._root / archived.id / LOG, options, ended)

    async def remove(self, ref: str) -> None:
        """Forget a log before its time. Raises what `find` raises."""
        archived = await self.find(ref)
        await asyncio.to_thread(shutil.rmtree, self._root / archived.id, ignore_errors=True)

    def sweep(self, now: float) -> None:
        """Remove what is too old at `now` (Unix seconds), then the oldest until the rest is small enough. Blocking."""
        kept = sorted(self._ages(), reverse=True)
        total = 0
        for moment, folder in kept:
            total += _size(folder)
            if now - moment > self._retention.seconds or total > self._retention.size:
                shutil.rmtree(folder, ignore_errors=True)

    async def _sweep_often(self) -> None:
        while True:
            self._due.clear()
            self._added = 0
            await asyncio.to_thread(self.sweep, time.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SWEEP_EVERY_S):
                    await self._due.wait()

    def _take(self, note: ArchivedLog, folder: Path) -> bool:
        if not _has_output(folder):
            return False
        try:
            _strip(folder)
            (folder / _NOTE).write_bytes(msgspec.json.encode(note))
            self._root.mkdir(mode=0o700, exist_ok=True)
            folder.rename(self._root / note.id)
        except OSError as error:
            log.warning("a removed container's log could not be kept", container=note.id, error=str(error))
            return False
        return True

    def _find(self, ref: str) -> ArchivedLog:
        if "/" not in ref and (note := self._note(ref)) is not None and note.id == ref:
            return note
        notes = list(self._notes())
        if named := select([each for each in notes if each.name == ref], {}):
            return named[0]
        found = [each for each in notes if each.id.startswith(ref)]
        if len(found) > 1:
            raise InvalidParameter(f"Multiple IDs found with provided prefix: {ref}")
        if not found:
            raise NotFound(f"No such archived log: {ref}")
        return found[0]

    def _notes(self) -> Iterator[ArchivedLog]:
        for folder in self._folders():
            if (note := self._note(folder.name)) is not None:
                yield note

    def _note(self, identifier: str) -> ArchivedLog | None:
        """None for a log that a sweep takes away just now."""
        folder = self._root / identifier
        try:
            note = msgspec.json.decode((folder / _NOTE).read_bytes(), type=ArchivedLog)
        except (OSError, msgspec.MsgspecError):
            return None
        return msgspec.structs.replace(note, size=_size(folder))

    def _ages(self) -> Iterator[tuple[float, Path]]:
        for folder in self._folders():
            with contextlib.suppress(OSError):
                note = folder / _NOTE
                yield (note if note.exists() else folder).stat().st_mtime, folder

    def _folders(self) -> Sequence[Path]:
        return tuple(Path(entry.path) for entry in os.scandir(self._root)) if self._root.is_dir() else ()


def _has_output(folder: Path) -> bool:
    files = LogFiles(folder / LOG)
    return files.size() > 0 or bool(files.full())


def _strip(folder: Path) -> None:
    """Leave the log alone: what a run had beside it (hosts, sessions of execs) helps nobody."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif not path.name.startswith(LOG):
            path.unlink()


def _size(folder: Path) -> int:
    """Bytes that it takes on the disk; 0 when it is gone."""
    with contextlib.suppress(OSError):
        return sum(entry.stat().st_blocks * 512 for entry in os.scandir(folder))
    return 0
