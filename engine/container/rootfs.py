"""Looking into a container's root filesystem without ever leaving it.

The image is data from a stranger: its folders may be links that point anywhere. The kernel resolves every path
here (openat2 with RESOLVE_IN_ROOT), so a link leads at most to another place of the same root.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from engine.errors import InvalidParameter
from engine.linux import syscalls

_IN_ROOT: Final = syscalls.RESOLVE_IN_ROOT | syscalls.RESOLVE_NO_MAGICLINKS
#: Larger files than this are not read as tables of users and groups.
_TABLE_LIMIT: Final = 4 << 20


@contextlib.contextmanager
def opened(root: Path, path: str, *, flags: int = os.O_PATH) -> Iterator[int]:
    """A descriptor of `path` within `root`. Raises OSError when there is no such thing."""
    with _directory(root) as directory:
        descriptor = syscalls.openat2(directory, path, flags=flags, resolve=_IN_ROOT)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def real_path(root: Path, path: str) -> PurePosixPath | None:
    """Where `path` leads within `root` when all links are followed, None when it leads to nothing."""
    try:
        with opened(root, path) as descriptor:
            where = Path(f"/proc/self/fd/{descriptor}").readlink()
    except OSError:
        return None
    return PurePosixPath("/") / where.relative_to(root.resolve())


def read_table(root: Path, path: str) -> list[list[str]]:
    """The rows of a colon-separated file such as /etc/passwd; empty when there is none or it is no plain file."""
    try:
        with opened(root, path, flags=os.O_RDONLY | os.O_NONBLOCK) as descriptor:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return []
            text = os.read(descriptor, _TABLE_LIMIT).decode(errors="replace")
    except OSError:
        return []
    return [line.split(":") for line in text.splitlines() if line and not line.startswith("#")]


def make_directory(root: Path, path: str, *, owner: tuple[int, int] = (0, 0)) -> None:
    """Make `path` and its parents within `root` (0755), those that are missing owned by `owner`.

    Raises InvalidParameter when something that is no folder stands in the way.
    """
    with _directory(root) as base:
        walked = PurePosixPath("/")
        for part in PurePosixPath(path).relative_to("/").parts:
            parent = walked
            walked /= part
            if not _is_directory(base, walked):
                _make_one(base, parent, part, owner, path)


def _make_one(base: int, parent: PurePosixPath, name: str, owner: tuple[int, int], path: str) -> None:
    descriptor = syscalls.openat2(base, str(parent), flags=os.O_PATH | os.O_DIRECTORY, resolve=_IN_ROOT)
    try:
        os.mkdir(name, 0o755, dir_fd=descriptor)
        os.chown(name, *owner, dir_fd=descriptor, follow_symlinks=False)
    except FileExistsError as error:
        raise InvalidParameter(f"mkdir {path}: {name} exists in the image and is not a directory") from error
    finally:
        os.close(descriptor)


def _is_directory(base: int, path: PurePosixPath) -> bool:
    try:
        os.close(syscalls.openat2(base, str(path), flags=os.O_PATH | os.O_DIRECTORY, resolve=_IN_ROOT))
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}:
            return False
        raise
    return True


@contextlib.contextmanager
def _directory(root: Path) -> Iterator[int]:
    descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
