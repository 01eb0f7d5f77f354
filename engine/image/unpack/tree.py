"""Writing entries as files below `/`, which is the layer's staging folder and nothing more (see `confine`).

Names are cleaned by the rules of Go's filepath.Clean, so that a name means here what it means to Docker; that no name
leads out is the work of the kernel, which resolves all of them inside the new root.
"""

# Names in an archive are bytes of no known encoding; pathlib takes text.
# ruff: noqa: PTH101, PTH102, PTH106, PTH108, PTH112, PTH211

import errno
import os
import stat
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from engine.image.unpack import whiteout
from engine.image.unpack.budget import Budget
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import Header
from engine.image.unpack.whiteout import Marks, Meaning

_ROOT: Final = b"/"
_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER_MODE: Final = 0o755
#: Further from the epoch than this, file systems differ in what they keep (ext4 with small inodes: 2038).
_TIMES: Final = (-(1 << 31) * 1_000_000_000, (1 << 34) * 1_000_000_000)
_ID_LIMIT: Final = (1 << 32) - 2

T = TypeVar("T")
Data = Callable[[int], Iterable[memoryview]]


class Tree:
    """The layer's files, with deletions written as `marks`. `size` is the bytes in files and links so far."""

    def __init__(self, budget: Budget, marks: Marks) -> None:
        self._budget = budget
        self._marks = marks
        self._folder_times: dict[bytes, int] = {}
        self.size = 0

    def add(self, entry: Header, data: Data) -> None:
        """Write one entry; `data` gives a regular file's bytes. Raises LayerError and OSError."""
        self._budget.take_entry()
        path = clean(entry.name)
        folder, _, name = path.rpartition(b"/")
        meant = whiteout.meaning(folder, name)
        if meant is Meaning.FILE:
            self._add_file(path, entry, data)
        elif meant is Meaning.DELETED:
            self._delete(folder + b"/" + whiteout.deleted(name))
        elif meant is Meaning.OPAQUE:
            self._make_folder(folder or _ROOT)
            self._marks.hide(folder or _ROOT)
        if meant is not Meaning.FILE:
            for _ in data(entry.size):
                pass

    def finish(self) -> None:
        """Set the folders' times, which every file made in them has changed."""
        for path, mtime in self._folder_times.items():
            try:
                os.utime(path, ns=(mtime, mtime), follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                continue  # replaced by a later entry

    def _add_file(self, path: bytes, entry: Header, data: Data) -> None:
        if path == _ROOT:
            # What a container sees of its root folder is its own layer's, so the image's word on it has no effect.
            if entry.kind != b"5":
                raise LayerError("the layer's root is not a folder")
            return
        match entry.kind:
            case b"0":
                self._regular(path, entry, data)
            case b"1":
                self._link(path, entry)
            case b"2":
                self._make(path, lambda: os.symlink(entry.link, path))
                self.size += len(entry.link)
                _set_attributes(path, entry, is_symlink=True)
            case b"3" | b"4" | b"6":
                self._node(path, entry)
            case b"5":
                self._make_folder(path)
                _set_attributes(path, entry)
                self._folder_times[path] = _bounded(entry.mtime)
            case _:
                raise LayerError(f"unhandled tar entry type {entry.kind!r}")

    def _regular(self, path: bytes, entry: Header, data: Data) -> None:
        descriptor = self._make(path, lambda: os.open(path, _NEW_FILE, 0o600))
        try:
            for offset, length in entry.sparse or ((0, entry.size),):
                os.lseek(descriptor, offset, os.SEEK_SET)
                self._copy(descriptor, data(length))
            if entry.sparse is not None:
                os.ftruncate(descriptor, entry.real_size)
            _set_attributes(descriptor, entry)
        finally:
            os.close(descriptor)
        self.size += entry.size

    def _copy(self, descriptor: int, pieces: Iterable[memoryview]) -> None:
        for piece in pieces:
            self._budget.take_bytes(len(piece))
            rest = piece
            while rest:
                rest = rest[os.write(descriptor, rest) :]

    def _link(self, path: bytes, entry: Header) -> None:
        target = clean(entry.link)
        info = os.lstat(target)
        if whiteout.is_reserved(target) or self._marks.is_mark(info):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))  # a mark is no file
        self._make(path, lambda: os.link(target, path, follow_symlinks=False))
        # What the entry says of the file holds for all its names, as in Docker.
        _set_attributes(path, entry, is_symlink=stat.S_ISLNK(info.st_mode))

    def _node(self, path: bytes, entry: Header) -> None:
        kind = {b"3": stat.S_IFCHR, b"4": stat.S_IFBLK, b"6": stat.S_IFIFO}[entry.kind]
        if entry.kind == b"3" and (entry.major, entry.minor) == (0, 0):
            raise LayerError("character device 0:0 is not allowed in a layer")
        if not (0 <= entry.major < 1 << 12 and 0 <= entry.minor < 1 << 20):
            raise LayerError(f"device number {entry.major}:{entry.minor}")
        self._make(path, lambda: os.mknod(path, kind | 0o600, os.makedev(entry.major, entry.minor)))
        _set_attributes(path, entry)

    def _delete(self, path: bytes) -> None:
        """A whiteout speaks of the layers below alone: what this layer has of that name stays."""
        place = self._marks.place(path)
        try:
            info = os.lstat(place)
        except (FileNotFoundError, NotADirectoryError):
            self._make(place, lambda: self._marks.delete(path))
            return
        if stat.S_ISDIR(info.st_mode):
            self._marks.hide(place)

    def _make(self, path: bytes, step: Callable[[], T]) -> T:
        """Run what makes `path`, after clearing whatever stands in its way. Most often nothing does."""
        try:
            return step()
        except FileExistsError:
            self.size -= _remove(path)
        except (FileNotFoundError, NotADirectoryError):
            self._make_parents(path)
        try:
            return step()
        except FileExistsError:
            self.size -= _remove(path)
            return step()

    def _make_folder(self, path: bytes) -> None:
        """A folder at `path`: the one that is there, or a new one.

        One in place of a file or a whiteout, which hid a folder of the layers below, goes on hiding it.
        """
        try:
            info = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            self._make_parents(path)
            os.mkdir(path, _FOLDER_MODE)
            return
        if stat.S_ISDIR(info.st_mode):
            return
        self.size -= _remove(path)
        os.mkdir(path, _FOLDER_MODE)
        self._marks.hide(path)

    def _make_parents(self, path: bytes) -> None:
        """The folders that an archive does not list. A link to a folder serves as one."""
        parent = path.rpartition(b"/")[0]
        missing = []
        while parent and not os.path.isdir(parent):
            missing.append(parent)
            parent = parent.rpartition(b"/")[0]
        for folder in reversed(missing):
            self._make_parent(folder)

    def _make_parent(self, path: bytes) -> None:
        try:
            os.mkdir(path, _FOLDER_MODE)
        except FileExistsError:
            if not self._marks.is_mark(os.lstat(path)):
                raise LayerError(f"{path[:200]!r} is used as a folder and is none") from None
            self._make_folder(path)


def clean(name: bytes) -> bytes:
    """The absolute path of an archive's name; raises LayerError when it climbs above the root."""
    parts: list[bytes] = []
    for part in name.split(b"/"):
        if part == b"..":
            if not parts:
                raise LayerError(f"{name[:200]!r} leads out of the layer")
            parts.pop()
        elif part not in {b"", b"."}:
            parts.append(part)
    return _ROOT + b"/".join(parts)


def _set_attributes(target: bytes | int, entry: Header, *, is_symlink: bool = False) -> None:
    """Owner first (it clears set-uid bits and capabilities), then mode, attributes, time."""
    if not (0 <= entry.uid <= _ID_LIMIT and 0 <= entry.gid <= _ID_LIMIT):
        raise LayerError(f"owner {entry.uid}:{entry.gid}")
    if isinstance(target, bytes):
        os.lchown(target, entry.uid, entry.gid)
    else:
        os.fchown(target, entry.uid, entry.gid)
    if not is_symlink:
        os.chmod(target, entry.mode & 0o7777)
    for name, value in entry.xattrs.items():
        _set_attribute(target, name, value)
    mtime = _bounded(entry.mtime)
    os.utime(target, ns=(mtime, mtime), follow_symlinks=isinstance(target, int))


def _set_attribute(target: bytes | int, name: bytes, value: bytes) -> None:
    whiteout.check_attribute(name)
    try:
        os.setxattr(target, name, value, follow_symlinks=isinstance(target, int))
    except OSError as error:
        # Labels of a security module that this host does not run, and `user.` on what can't carry it, mean nothing
        # here; Docker passes over them too. A file's capabilities must not be lost.
        if error.errno not in {errno.ENOTSUP, errno.EPERM} or name == b"security.capability":
            raise


def _remove(path: bytes) -> int:
    """Remove what a later entry of the same name replaces; returns the bytes that go with it.

    Without recursion: a layer chooses the depth.
    """
    info = os.lstat(path)
    if not stat.S_ISDIR(info.st_mode):
        return _unlink(path, info)
    folders, freed = [path], 0
    for folder in folders:  # grows while it is walked
        for entry in list(os.scandir(folder)):
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                freed += _unlink(entry.path, entry.stat(follow_symlinks=False))
    for folder in reversed(folders):
        os.rmdir(folder)
    return freed


def _unlink(path: bytes, info: os.stat_result) -> int:
    """A file with further names keeps its bytes; one with holes has fewer than its size says."""
    os.unlink(path)
    if info.st_nlink > 1:
        return 0
    stored = info.st_blocks * 512
    return min(info.st_size, stored) if stored else info.st_size


def _bounded(mtime: int) -> int:
    return min(max(mtime, _TIMES[0]), _TIMES[1])
