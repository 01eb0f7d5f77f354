"""What is mounted on the host for one container's sake: shared memory that others may join, parts of volumes.

Each container has a folder below the run directory, with its mounts in it. Nothing here is ever deleted recursively:
a mount that could not be undone is somebody's data.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from engine.errors import InvalidParameter
from engine.linux import mounts, syscalls

_GUARDED: Final = syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
_WITHIN: Final = syscalls.RESOLVE_BENEATH | syscalls.RESOLVE_NO_MAGICLINKS


class HostMounts:
    """Idempotent in both directions: what is there is made anew, what is not there is no error to remove."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def shared_memory(self, container_id: str) -> Path:
        """Where a shareable container's /dev/shm is on the host."""
        return self._root / container_id / "shm"

    def make_shared_memory(self, container_id: str, size: int) -> Path:
        """`size` in bytes."""
        path = self.shared_memory(container_id)
        _clear(path)
        path.mkdir(parents=True, mode=0o700)
        syscalls.mount("shm", path, "tmpfs", _GUARDED, f"mode=1777,size={size}")
        return path

    def bind_part(self, container_id: str, name: str, volume: Path, subpath: str) -> Path:
        """Make `subpath` of the volume a path of its own, which what happens in the volume leads nowhere else.

        The kernel resolves it, and holds what it found until that is bound: a link that leads out of the volume, or is
        put there meanwhile, is refused (CVE-2021-30465). Raises InvalidParameter.
        """
        target = self._root / container_id / name
        _clear(target)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _opened_within(volume, subpath) as part:
            if stat.S_ISDIR(os.fstat(part).st_mode):
                target.mkdir(mode=0o700)
            else:
                target.touch(mode=0o600)
            syscalls.mount(f"/proc/self/fd/{part}", target, flags=syscalls.MS_BIND | syscalls.MS_REC)
            syscalls.mount("", target, flags=syscalls.MS_PRIVATE | syscalls.MS_REC)
        return target

    def remove(self, container_id: str) -> None:
        folder = self._root / container_id
        if folder.is_dir():
            for path in folder.iterdir():
                _clear(path)
            folder.rmdir()

    def sweep(self, keep: Collection[str]) -> None:
        """Remove what belongs to no container of `keep`."""
        for folder in self._root.iterdir() if self._root.is_dir() else ():
            if folder.name not in keep:
                self.remove(folder.name)


def _clear(path: Path) -> None:
    while mounts.unmount(path, lazily=True):
        pass
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()


@contextlib.contextmanager
def _opened_within(volume: Path, subpath: str) -> Iterator[int]:
    base = os.open(volume, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        part = syscalls.openat2(base, subpath, flags=os.O_PATH, resolve=_WITHIN)
    except OSError as error:
        reason = "it leads out of the volume" if error.errno == errno.EXDEV else error.strerror
        raise InvalidParameter(f"cannot access path {volume}/{subpath}: {reason}") from error
    finally:
        os.close(base)
    try:
        yield part
    finally:
        os.close(part)
