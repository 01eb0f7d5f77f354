"""Rotation: full log files are put aside, and the oldest removed, while the monitor goes on writing.

The monitor's own limit (`--log-size-max`) throws the whole file away. So the engine gives the full file a second name
and asks the monitor (control message 2) to open its log anew: it finishes the entry at hand, closes the file, and
renames an empty one over the first name. Each line is in one of the two, and the first name is always there.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

from engine import tasks
from engine.container.logs.files import LogFiles, count_output
from engine.container.logs.policy import LogPolicy
from engine.linux.inotify import FileWatch

log = structlog.get_logger(__name__)

#: Bytes a second that no monitor writes more of: a log need not be looked at before it can be full.
_FASTEST: Final = 100_000_000
_SOONEST_S: Final = 0.05
_LATEST_S: Final = 1.0
#: Seconds for a monitor to open its log anew; one that can't is asked again later.
_PATIENCE_S: Final = 10.0


@dataclass(frozen=True)
class WatchedLog:
    """A log that somebody writes; `reopen` asks that one to open it anew. Raises OSError when it is gone."""

    files: LogFiles
    policy: LogPolicy
    reopen: Callable[[], None]


class Rotation:
    """Keeps all logs that are being written within their bounds; also one that grew while no engine was there."""

    def __init__(self) -> None:
        self._logs: dict[str, WatchedLog] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def watch(self, key: str, watched: WatchedLog) -> None:
        if watched.policy.in_files and watched.policy.max_size is not None:
            self._logs[key] = watched
            if not self._tasks:
                tasks.spawn(self._run(), name="log rotation", owner=self._tasks)

    def unwatch(self, key: str) -> None:
        self._logs.pop(key, None)

    async def close(self) -> None:
        await tasks.cancel_all(self._tasks)

    async def _run(self) -> None:
        while self._logs:
            for key, watched in tuple(self._logs.items()):
                if _room(watched) <= 0:
                    await self._rotate(key, watched)
            room = min((_room(watched) for watched in self._logs.values()), default=0)
            await asyncio.sleep(min(max(room / _FASTEST, _SOONEST_S), _LATEST_S))

    async def _rotate(self, key: str, watched: WatchedLog) -> None:
        """One log that can't be rotated (its monitor just ends, its disk is full) must not keep the others."""
        try:
            await rotate(watched)
        except (OSError, TimeoutError) as error:
            if key in self._logs:
                log.warning("a log could not be rotated", log=str(watched.files.path), error=str(error))


async def rotate(watched: WatchedLog) -> None:
    """Put the current file aside and remove what is more than the policy's. Can be cut off anywhere and done again."""
    files = watched.files
    inode = files.current_inode()
    start = await asyncio.to_thread(lambda: files.start(files.listing()[-1]))
    full = files.path.with_name(f"{files.path.name}.{start:020d}")
    spare = files.path.with_name(f"{files.path.name}.full")
    spare.unlink(missing_ok=True)
    os.link(files.path, spare)
    spare.replace(full)  # over the empty file that kept the number, if there is one
    spare.unlink(missing_ok=True)  # renaming one name of a file to another of the same file does nothing
    with FileWatch(full) as watch:
        watched.reopen()
        async with asyncio.timeout(_PATIENCE_S):
            while files.current_inode() == inode:
                await watch.changed()
    await asyncio.to_thread(_remove_oldest, files, watched.policy.max_files - 1)


def _remove_oldest(files: LogFiles, kept: int) -> None:
    full = [each for each in files.full() if each.inode != files.current_inode()]
    if kept == 0 and full:
        end = (full[-1].start or 0) + count_output(full[-1].path)
        keeper = files.path.with_name(f"{files.path.name}.{end:020d}")
        if not keeper.exists():
            keeper.touch(mode=0o600)
        full = [each for each in full if each.path != keeper]
    for file in full[: len(full) - kept]:
        with contextlib.suppress(FileNotFoundError):
            file.path.unlink()


def _room(watched: WatchedLog) -> int:
    """Bytes until the log is full."""
    return (watched.policy.max_size or 0) - watched.files.size()
