"""What is in one folder: its names and what they are, without a byte of any file.

Links are told, never followed, and a folder of any size costs a bounded answer.
"""

import errno
import json
import os
import stat
import sys
from itertools import islice
from typing import Any, Final

from engine.container.archive.worker import paths
from engine.container.archive.worker.answers import say
from engine.container.archive.worker.errors import PathMissing, Refusal
from engine.container.archive.worker.stat import rfc3339

#: As many names as a page can show; a folder that has more is told to have more.
MOST: Final = 5000
_TYPES: Final = {stat.S_IFREG: "file", stat.S_IFDIR: "dir", stat.S_IFLNK: "link"}


def send(path: str) -> None:
    """Say how the folder at the absolute `path` is called and whether it has more than is told; then its entries.

    Each entry is a line of JSON, as the first answer is. Raises PathMissing, and Refusal for what is no folder.
    """
    folder = _opened(path)
    with os.scandir(folder) as found:
        entries = list(islice(found, MOST))
        say({"path": path, "truncated": next(found, None) is not None})
        with open(sys.stdout.fileno(), "wb", closefd=False) as output:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if described := _describe(folder, entry.name):
                    output.write(json.dumps(described).encode() + b"\n")


def _opened(path: str) -> int:
    """Folders and links on the way are the container's own; one that hangs can be killed, not waited for."""
    try:
        return paths.open_at(-1, path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise PathMissing from error
        if error.errno == errno.ENOTDIR:
            raise Refusal("InvalidParameter", f"{path}: not a directory") from error
        raise


def _describe(folder: int, name: str) -> dict[str, Any] | None:
    """None for what has gone since the folder was read. Bytes that are no UTF-8 are shown as U+FFFD."""
    try:
        info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        target = os.readlink(name, dir_fd=folder) if stat.S_ISLNK(info.st_mode) else ""
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.EINVAL}:
            return None
        raise
    return {
        "name": _text(name),
        "type": _TYPES.get(stat.S_IFMT(info.st_mode), "other"),
        "size": info.st_size,
        "mode": stat.S_IMODE(info.st_mode),
        "mtime": rfc3339(info.st_mtime_ns),
        "target": _text(target),
    }


def _text(name: str) -> str:
    return os.fsencode(name).decode(errors="replace")
