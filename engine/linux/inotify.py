"""Being told when a file has been written to, or has ended."""

import ctypes
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from engine.linux import waiting

_libc: Final = ctypes.CDLL(None, use_errno=True)
_IN_MODIFY: Final = 0x2
_IN_ATTRIB: Final = 0x4  # tells also of a name that the file gets or loses
_IN_MOVE_SELF: Final = 0x800
_IN_DELETE_SELF: Final = 0x400


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
