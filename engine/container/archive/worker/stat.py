"""What a path is, as the header X-Docker-Container-Path-Stat tells it."""

import os
import posixpath
import stat
import time
from typing import Any, Final

from engine.container.archive.worker import paths

#: Bits of Go's io/fs.FileMode, which Docker sends as they are.
_KINDS: Final = {
    stat.S_IFDIR: 1 << 31,
    stat.S_IFLNK: 1 << 27,
    stat.S_IFBLK: 1 << 26,
    stat.S_IFCHR: 1 << 26 | 1 << 21,
    stat.S_IFIFO: 1 << 25,
    stat.S_IFSOCK: 1 << 24,
}
_BITS: Final = ((stat.S_ISUID, 1 << 23), (stat.S_ISGID, 1 << 22), (stat.S_ISVTX, 1 << 20))


def describe(path: str, info: os.stat_result) -> dict[str, Any]:
    """Docker's ContainerPathStat of what stands at the absolute `path`.

    A link's target is told as it resolves in the container, link after link, down to a name that need not exist.
    """
    is_link = stat.S_ISLNK(info.st_mode)
    return {
        "name": paths.base(path),
        "size": info.st_size,
        "mode": go_mode(info.st_mode),
        "mtime": rfc3339(info.st_mtime_ns),
        "linkTarget": posixpath.realpath(path) if is_link else "",
    }


def go_mode(mode: int) -> int:
    """A file's mode in Go's bits."""
    special = sum(bit for unix, bit in _BITS if mode & unix)
    return mode & 0o777 | _KINDS.get(stat.S_IFMT(mode), 0) | special


def rfc3339(nanoseconds: int) -> str:
    """A time in UTC, with as many decimals as it needs."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    decimals = f".{fraction:09d}".rstrip("0") if fraction else ""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + decimals + "Z"
