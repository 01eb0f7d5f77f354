"""A tree of files as tar entries, in an order that depends on their names alone.

It runs where `/` is the tree (`pack`): a link leads nowhere else, however a running container moves its folders.
"""

import contextlib
import errno
import os
import stat
import tarfile
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from engine.image.archive.tarout import encoded, filler

_OPAQUE: Final = "trusted.overlay.opaque"
_CAPABILITY: Final = "security.capability"
_PREFIX: Final = ".wh."
_OPAQUE_NAME: Final = ".wh..wh..opq"
_PIECE: Final = 512 << 10
_KINDS: Final = {
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFCHR: tarfile.CHRTYPE,
    stat.S_IFBLK: tarfile.BLKTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
}


class _Found(NamedTuple):
    path: str
    info: os.stat_result


class Walk:
    """The entries below `/`.

    `as_layer`: the tree is a container layer, whose overlayfs marks become `.wh.` files (OCI layer.md). `has_names`:
    its marks are such files already. `scaffold` names what an engine makes as mount points: it is left out as long as
    it is empty.
    """

    def __init__(self, *, as_layer: bool, has_names: bool = False, scaffold: Collection[str] = ()) -> None:
        self._as_layer = as_layer
        self._has_names = has_names
        self._scaffold = frozenset(scaffold)
        self._links: dict[tuple[int, int], str] = {}

    def pieces(self) -> Iterator[bytes]:
        """The archive's bytes without its end."""
        if self._as_layer and _is_opaque("/"):
            yield _mark(_OPAQUE_NAME)
        waiting = list(reversed(_listed("/")))
        while waiting:
            found = waiting.pop()
            is_folder = stat.S_ISDIR(found.info.st_mode)
            if self._as_layer and is_folder and found.path.rpartition("/")[2].startswith(_PREFIX):
                continue  # nothing may be so named in a layer, and so nothing in it can be carried
            inside = _listed(found.path) if is_folder else []
            if found.path in self._scaffold and not inside and (is_folder or not found.info.st_size):
                continue
            yield from self._entry(found)
            waiting.extend(reversed(inside))

    def _entry(self, found: _Found) -> Iterator[bytes]:
        folder, _, name = found.path.rpartition("/")
        if self._as_layer and name.startswith(_PREFIX):
            if self._has_names:
                yield _mark(found.path.lstrip("/"))
            return  # else it would be read as a deletion, which it is not
        if self._as_layer and stat.S_ISCHR(found.info.st_mode) and found.info.st_rdev == 0:
            yield _mark(f"{folder.lstrip('/')}/{_PREFIX}{name}".lstrip("/"))
            return
        if stat.S_ISREG(found.info.st_mode):
            yield from self._regular(found)
        elif stat.S_IFMT(found.info.st_mode) in _KINDS:  # a socket is of no use without who listens
            yield encoded(self._header(found), _attributes(found.path))
        if self._as_layer and stat.S_ISDIR(found.info.st_mode) and _is_opaque(found.path):
            yield _mark(f"{found.path.lstrip('/')}/{_OPAQUE_NAME}")

    def _regular(self, found: _Found) -> Iterator[bytes]:
        """The file under its first name; links to that under the others."""
        key = (found.info.st_dev, found.info.st_ino)
        if found.info.st_nlink > 1 and (first := self._links.get(key)):
            yield encoded(self._header(found, link=first))
            return
        try:
            descriptor = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return  # a running container has deleted it meanwhile
        try:
            info = os.fstat(descriptor)
            if stat.S_ISREG(info.st_mode):
                self._links[key] = found.path.lstrip("/")
                yield encoded(self._header(_Found(found.path, info)), _attributes(found.path))
                yield from _data(descriptor, info.st_size)
        finally:
            os.close(descriptor)

    def _header(self, found: _Found, *, link: str | None = None) -> tarfile.TarInfo:
        info = found.info
        header = tarfile.TarInfo(found.path.lstrip("/"))
        header.type = _KINDS[stat.S_IFMT(info.st_mode)] if link is None else tarfile.LNKTYPE
        header.mode, header.uid, header.gid = stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid
        header.mtime = int(info.st_mtime)
        header.linkname = link or ""
        if header.type == tarfile.REGTYPE:
            header.size = info.st_size
        elif header.type == tarfile.SYMTYPE:
            header.linkname = os.fspath(Path(found.path).readlink())
        elif header.type in {tarfile.CHRTYPE, tarfile.BLKTYPE}:
            header.devmajor, header.devminor = os.major(info.st_rdev), os.minor(info.st_rdev)
        return header


def _listed(folder: str) -> list[_Found]:
    """What is in the folder, by name; nothing of what a running container has just taken away.

    What can be listed may be nothing all the same: overlayfs shows a whiteout in a folder that hides no other.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(_looked_at(entries))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _looked_at(entries: Iterable[os.DirEntry[str]]) -> Iterator[_Found]:
    for entry in entries:
        with contextlib.suppress(FileNotFoundError):
            yield _Found(entry.path, entry.stat(follow_symlinks=False))


def _data(descriptor: int, size: int) -> Iterator[bytes]:
    """Exactly `size` bytes: of a file that is written to meanwhile no more, and zeros for what was cut off."""
    left = size
    while left and (piece := os.read(descriptor, min(left, _PIECE))):
        left -= len(piece)
        yield piece
    while left:
        piece = bytes(min(left, _PIECE))
        left -= len(piece)
        yield piece
    yield filler(size)


def _mark(path: str) -> bytes:
    return encoded(tarfile.TarInfo(path))


def _attributes(path: str) -> dict[str, str]:
    """What of the extended attributes means something elsewhere: a file's capabilities, and the users' own."""
    try:
        names = os.listxattr(path, follow_symlinks=False)
        kept = sorted(name for name in names if name == _CAPABILITY or _is_users(name))
        return {f"SCHILY.xattr.{name}": _value(path, name) for name in kept}
    except OSError as error:
        if error.errno in {errno.ENOTSUP, errno.ENODATA, errno.ENOENT}:
            return {}
        raise


def _is_users(name: str) -> bool:
    return name.startswith("user.") and not name.startswith("user.overlay.")


def _value(path: str, name: str) -> str:
    return os.getxattr(path, name, follow_symlinks=False).decode("utf-8", "surrogateescape")


def _is_opaque(folder: str) -> bool:
    try:
        return os.getxattr(folder, _OPAQUE, follow_symlinks=False) == b"y"
    except OSError as error:
        if error.errno in {errno.ENODATA, errno.ENOTSUP, errno.ENOENT}:
            return False
        raise
