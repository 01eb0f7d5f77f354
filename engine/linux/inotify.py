"""Being told when a file has been written to, or has ended."""

import contextlib
import ctypes
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from engine.linux import waiting

#: How many files somebody can be told of at a time, by one user for all programs; the kernel's own 128 are soon used up
#: by clients that follow logs.
INSTANCES: Final = 8192
_LIMIT: Final = Path("/proc/sys/fs/inotify/max_user_instances")

_libc: Final = ctypes.CDLL(None, use_errno=True)
_IN_MODIFY: Final = 0x2
_IN_ATTRIB: Final = 0x4  # tells also of a name that the file gets or loses
_IN_MOVE_SELF: Final = 0x800
_IN_DELETE_SELF: Final = 0x400


def make_room(limit: Path = _LIMIT) -> None:
    """Let this user watch INSTANCES files at a time, for the host as a whole. A higher limit stays.

    Where it can't be raised (the engine runs in a container) the kernel's own stays, and a log that is followed beyond
    it is an error that says so.
    """
    with contextlib.suppress(OSError):
        if int(limit.read_text()) < INSTANCES:
            limit.write_text(str(INSTANCES))


class FileWatch:
    """Watches one file. What happens between two calls of `changed` is not lost: the second returns at once."""

    def __init__(self, path: Path | str) -> None:
        self._descriptor = _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), path)
        mask = _IN_MODIFY | _IN_ATTRIB | _IN_MOVE_SELF | _IN_DELETE_SELF
        try:
            _checked(_libc.inotify_add_watch(self._descriptor, os.fsencode(path), mask), path)
        except OSError:
            os.close(self._descriptor)
            raise

    async def changed(self) -> None:
        """Return when the file has been written to, renamed, linked, unlinked or deleted since the last call."""
        await waiting.read_available(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _checked(result: int, path: Path | str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(path))
    return result
