"""The tar of one path: the file, or the folder with all that is below it, links as links.

A folder is read through its descriptor and its names are opened one at a time without following a link, so a tree
that changes meanwhile gives an odd archive at worst.
"""

# Names are bytes of no known encoding, and below an open folder; pathlib takes text.

import errno
import os
import stat
from collections.abc import Iterator
from typing import Final, NamedTuple

from engine.container.archive.worker import header, paths

_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CAPABILITY: Final = "security.capability"
_PIECE: Final = 1 << 20
#: What opening says of a name that has gone, or has become something else, since it was looked at.
_CHANGED: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EACCES})


class _Level(NamedTuple):
    """An open folder, its name in the archive, and the names in it that are still to come."""

    folder: int
    name: bytes
    names: Iterator[bytes]


class Outgoing:
    """Writes to `output`, a pipe. Raises OSError when a file can't be read as it was announced."""

    def __init__(self, output: int) -> None:
        self._output = output
        #: The first name of each file that has several.
        self._linked: dict[tuple[int, int], bytes] = {}

    def send(self, path: str, found: paths.Found) -> None:
        """All of the absolute `path`, under its own last name (`/` has none), and the end of the archive."""
        name = os.fsencode(paths.base(path))
        root = self._entry(found.folder, found.name, b"" if name == b"/" else name)
        if root is not None:
            self._tree(root)
        self._write(header.END)

    def _tree(self, root: _Level) -> None:
        """Depth first without recursion: one open folder a level."""
        levels = [root]
        while levels:
            level = levels[-1]
            entry = next(level.names, None)
            if entry is None:
                os.close(levels.pop().folder)
            elif below := self._entry(level.folder, entry, level.name + b"/" + entry):
                levels.append(below)

    def _entry(self, folder: int, entry: bytes, name: bytes) -> _Level | None:
        """Send one entry; for a folder, its contents are to follow. What has gone meanwhile is passed over."""
        try:
            info = os.stat(entry, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                return self._enter(os.open(entry, _FOLDER, dir_fd=folder), name)
            if stat.S_ISREG(info.st_mode):
                self._regular(os.open(entry, _FILE, dir_fd=folder), name)
            elif header.can_hold(info):
                link = os.readlink(entry, dir_fd=folder) if stat.S_ISLNK(info.st_mode) else b""
                self._write(header.encode(name, info, link=link))
        except OSError as error:
            if error.errno not in _CHANGED:
                raise
        return None

    def _enter(self, folder: int, name: bytes) -> _Level:
        self._write(header.encode(name + b"/", os.fstat(folder)))
        return _Level(folder, name, iter(sorted(map(os.fsencode, os.listdir(folder)))))

    def _regular(self, file: int, name: bytes) -> None:
        try:
            info = os.fstat(file)
            first = self._linked.setdefault((info.st_dev, info.st_ino), name) if info.st_nlink > 1 else name
            if not stat.S_ISREG(info.st_mode):
                return  # it has become something else
            if first != name:
                self._write(header.encode(name, info, link=first, is_hard=True))
                return
            self._write(header.encode(name, info, xattrs=_capabilities(file)))
            self._data(file, info.st_size, name)
        finally:
            os.close(file)

    def _data(self, file: int, size: int, name: bytes) -> None:
        rest = size
        while rest:
            if (sent := _send(self._output, file, min(rest, _PIECE))) == 0:
                raise OSError(errno.EIO, "the file shrank while it was read", os.fsdecode(name))
            rest -= sent
        self._write(bytes(-size % header.BLOCK))

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._output, rest) :]


def _send(output: int, file: int, count: int) -> int:
    """From the page cache into the pipe, without a copy of our own where the file system can."""
    try:
        return os.sendfile(output, file, None, count)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    data = memoryview(os.read(file, count))
    sent = 0
    while sent < len(data):
        sent += os.write(output, data[sent:])
    return sent


def _capabilities(file: int) -> dict[bytes, bytes]:
    """The one attribute that Docker sends: what a program may do beyond its user's rights."""
    try:
        return {os.fsencode(_CAPABILITY): os.getxattr(file, _CAPABILITY)}
    except OSError as error:
        if error.errno in {errno.ENODATA, errno.ENOTSUP}:
            return {}
        raise
