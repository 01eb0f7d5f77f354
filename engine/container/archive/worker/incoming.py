"""Extracting a tar below an open folder of the container.

An entry's folders are resolved by the kernel in the container, so a link in them leads where it leads for the
container's processes. The last name is never followed: what stands there is replaced, unless both are folders. Each
step is taken by a bare name in the current folder, which is entered by its descriptor.
"""

# Names are bytes of no known encoding, in the folder that the process is in; pathlib takes text.
# ruff: noqa: PTH102, PTH106, PTH108, PTH211

import errno
import os
import stat
from collections.abc import Callable, Iterable
from typing import Final

from engine.container.archive.worker import attributes, paths
from engine.container.archive.worker.attributes import Owner
from engine.container.archive.worker.errors import Refusal
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import Header
from engine.image.unpack.tree import clean

_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER: Final = os.O_PATH | os.O_DIRECTORY
_FOLDER_MODE: Final = 0o755
_NODES: Final = {b"3": stat.S_IFCHR, b"4": stat.S_IFBLK, b"6": stat.S_IFIFO}

Data = Callable[[int], Iterable[memoryview]]


class Incoming:
    """Writes entries below `base`, an open folder which the messages call `destination`.

    `owner` is who all of it is to belong to, None for whom the archive says. With `keep_kinds` a folder is never
    replaced by something else, nor the other way round.
    """

    def __init__(self, base: int, destination: str, *, owner: Owner | None, keep_kinds: bool) -> None:
        self._base = base
        self._destination = destination
        self._owner = owner
        self._keep_kinds = keep_kinds
        self._current: tuple[bytes, int] = (b"", base)
        self._folder_times: dict[bytes, int] = {}
        os.fchdir(base)

    def add(self, entry: Header, data: Data) -> None:
        """Write one entry; `data` gives a regular file's bytes. Raises Refusal, OSError."""
        path = self._clean(entry.name)
        if not path:
            if entry.kind != b"5":
                raise Refusal("InvalidParameter", f"{os.fsdecode(entry.name)!r} names the folder that is extracted to")
            return
        folder, _, name = path.rpartition(b"/")
        self._go_to(folder)
        is_kept = self._clear(name, entry, path)
        if entry.kind == b"0":
            self._regular(name, entry, data)
        elif entry.kind == b"1":
            self._hard_link(name, entry)
        else:
            self._special(name, path, entry, is_kept=is_kept)

    def finish(self) -> None:
        """Set the folders' times, which each file made in them has changed."""
        for path, mtime in self._folder_times.items():
            folder, _, name = path.rpartition(b"/")
            try:
                self._go_to(folder)
                attributes.set_time(name, mtime)
            except FileNotFoundError:
                continue  # replaced since

    def _clean(self, name: bytes) -> bytes:
        """The entry's path below the destination, empty for the destination itself."""
        try:
            return clean(name)[1:]
        except LayerError:
            message = f'"{os.fsdecode(name)}" is outside of "{self._destination}"'
            raise Refusal("InvalidParameter", message) from None

    def _go_to(self, folder: bytes) -> None:
        """Make the folder the process' current one. Those that the archive does not list are made."""
        known, descriptor = self._current
        if folder == known:
            return
        opened = self._open_folder(folder)
        os.fchdir(opened)
        self._current = (folder, opened)
        if descriptor != self._base:
            os.close(descriptor)

    def _open_folder(self, folder: bytes) -> int:
        if not folder:
            return os.dup(self._base)
        try:
            return paths.open_at(self._base, folder, _FOLDER)
        except FileNotFoundError:
            return self._make_folders(folder.split(b"/"))

    def _make_folders(self, names: list[bytes]) -> int:
        current = os.dup(self._base)
        for name in names:
            try:
                below = paths.open_at(current, name, _FOLDER)
            except FileNotFoundError:
                os.mkdir(name, _FOLDER_MODE, dir_fd=current)
                os.chown(name, *(self._owner or (0, 0)), dir_fd=current, follow_symlinks=False)
                below = paths.open_at(current, name, _FOLDER)
            os.close(current)
            current = below
        return current

    def _clear(self, name: bytes, entry: Header, path: bytes) -> bool:
        """Remove what stands in the way; True when it is a folder and stays one."""
        try:
            info = os.lstat(name)
        except FileNotFoundError:
            return False
        was_folder, is_folder = stat.S_ISDIR(info.st_mode), entry.kind == b"5"
        if self._keep_kinds and was_folder != is_folder:
            old, new = ("directory", "non-directory") if was_folder else ("non-directory", "directory")
            at = os.fsdecode(self._destination.rstrip("/").encode() + b"/" + path)
            raise Refusal("InvalidParameter", f'cannot overwrite {old} "{at}" with {new} "{self._destination}"')
        if not was_folder:
            os.unlink(name)
        elif not is_folder:
            _remove_folder(name)
        return was_folder and is_folder

    def _regular(self, name: bytes, entry: Header, data: Data) -> None:
        file = os.open(name, _NEW_FILE, 0o600)
        try:
            for offset, length in entry.sparse or ((0, entry.size),):
                os.lseek(file, offset, os.SEEK_SET)
                _copy(file, data(length))
            if entry.sparse is not None:
                os.ftruncate(file, entry.real_size)
            attributes.apply(file, entry, self._owner)
        finally:
            os.close(file)

    def _hard_link(self, name: bytes, entry: Header) -> None:
        folder, _, target = self._clean(entry.link).rpartition(b"/")
        source = self._open_folder(folder)
        try:
            os.link(target, name, src_dir_fd=source, follow_symlinks=False)
        finally:
            os.close(source)

    def _special(self, name: bytes, path: bytes, entry: Header, *, is_kept: bool) -> None:
        if entry.kind == b"5":
            if not is_kept:
                os.mkdir(name, 0o700)
            self._folder_times[path] = entry.mtime
        elif entry.kind == b"2":
            os.symlink(entry.link, name)
        elif entry.kind in _NODES:
            os.mknod(name, _NODES[entry.kind] | 0o600, os.makedev(entry.major, entry.minor))
        else:
            raise Refusal("InvalidParameter", f"unhandled tar header type {entry.kind!r}")
        attributes.apply(name, entry, self._owner)


def _copy(file: int, pieces: Iterable[memoryview]) -> None:
    for piece in pieces:
        rest = piece
        while rest:
            rest = rest[os.write(file, rest) :]


def _remove_folder(name: bytes) -> None:
    """Remove a folder and all in it, by descriptors: none of its names is followed, whatever it becomes meanwhile."""
    for _, folders, files, descriptor in os.fwalk(name, topdown=False, follow_symlinks=False):
        for entry in files:
            os.unlink(entry, dir_fd=descriptor)
        for entry in folders:
            _remove_one(entry, descriptor)
    os.rmdir(name)


def _remove_one(entry: bytes, folder: int) -> None:
    try:
        os.rmdir(entry, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.ENOTDIR:
            raise
        os.unlink(entry, dir_fd=folder)  # a link to a folder
