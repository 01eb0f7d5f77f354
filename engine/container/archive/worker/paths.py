"""Paths in the container, resolved by the kernel, and never through another process' /proc links.

The process' root is the container's, so a link leads nowhere else; `..` ends at that root.
"""

import errno
import os
import posixpath
from typing import Final, NamedTuple

from engine.container.archive.worker.errors import PathMissing
from engine.linux import syscalls

_AT_FDCWD: Final = -100
_MISSING: Final = frozenset({errno.ENOENT, errno.ENOTDIR})


class Found(NamedTuple):
    """A name in an open folder, and what stood there when it was looked at. The name may be `.`."""

    folder: int
    name: bytes
    info: os.stat_result


def find(path: str) -> Found:
    """Look at an absolute path: its folders are followed, a link at its end is not, unless a `/` behind it asks so.

    Raises PathMissing.
    """
    parent, _, name = path.rpartition("/")
    folder = opened(parent or "/", os.O_PATH | os.O_DIRECTORY)
    entry = os.fsencode(name) or b"."
    try:
        return Found(folder, entry, os.stat(entry, dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError as error:
        raise PathMissing from error


def absolute(path: str) -> str:
    """The path from the root, cleaned as Go's filepath.Clean does, with a last `/` or `/.` kept: it asks for more."""
    cleaned = posixpath.normpath(posixpath.join("/", path.lstrip("/")))
    if path.endswith("/.") or path == ".":
        return cleaned.rstrip("/") + "/."
    return cleaned.rstrip("/") + "/" if path.endswith("/") else cleaned


def base(path: str) -> str:
    """The last name of an absolute path: `.` for `/a/.`, `a` for `/a/`, `/` for the root (as Go's filepath.Base)."""
    return path.rstrip("/").rpartition("/")[2] or "/"


def opened(path: str, flags: int) -> int:
    """Open an absolute path. Raises PathMissing when it leads to nothing."""
    try:
        return open_at(_AT_FDCWD, path, flags)
    except OSError as error:
        if error.errno in _MISSING:
            raise PathMissing from error
        raise


def open_at(folder: int, path: str | bytes, flags: int) -> int:
    return syscalls.openat2(folder, path, flags=flags, resolve=syscalls.RESOLVE_NO_MAGICLINKS)
