"""Directory trees of any depth: removed and measured without recursion, and without following a link."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(path: Path) -> None:
    """Remove `path` (a directory) and all below it; no error when it is not there.

    Folders found inside are first moved up beside `path`, then emptied in turn. So a tree deeper than PATH_MAX,
    or than any stack, takes no more than two open files, and time linear in its entries. Killed half-way it leaves
    siblings called `<name>.<number>`: keep such a path in a folder that is swept as a whole.
    """
    with contextlib.suppress(FileNotFoundError):
        parent = os.open(path.parent, _DIRECTORY)
        try:
            _remove_below(parent, path.name)
        finally:
            os.close(parent)


def _remove_below(parent: int, name: str) -> None:
    waiting = [name]
    serial = 0
    while waiting:
        current = waiting.pop()
        folder = os.open(current, _DIRECTORY, dir_fd=parent)
        try:
            for child in _emptied(folder):
                serial += 1
                moved = f"{name}.{serial}"
                os.rename(child, moved, src_dir_fd=folder, dst_dir_fd=parent)
                waiting.append(moved)
        finally:
            os.close(folder)
        os.rmdir(current, dir_fd=parent)


def _emptied(folder: int) -> Iterator[str]:
    """Unlink all in the open folder but its folders that are not empty; those are yielded."""
    with os.scandir(folder) as entries:
        listing = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in listing:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
            continue
        try:
            os.rmdir(name, dir_fd=folder)
        except OSError:
            yield name


def tree_size(path: Path) -> int:
    """The bytes in all files and links below `path`, a file with several links once; folders count nothing.

    What vanishes meanwhile (a container works in it), or lies deeper than a path can name, is left out.
    """
    seen: set[int] = set()
    total = 0
    for info in _files_below(path):
        if info.st_nlink > 1:
            if info.st_ino in seen:
                continue
            seen.add(info.st_ino)
        total += info.st_size
    return total


def _files_below(path: Path) -> Iterator[os.stat_result]:
    waiting = [os.fspath(path)]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ENAMETOOLONG}:
                continue
            raise
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
                continue
            with contextlib.suppress(FileNotFoundError):
                yield entry.stat(follow_symlinks=False)
