"""Copies of files with all that belongs to them: data and holes, owner, mode, attributes, times, and common inodes."""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Sequence
from typing import Final

from engine.graphdriver.vfs.stack import entries, joined, opened

#: ioctl(2) FICLONE: both files share their blocks until one of them is written to (btrfs, XFS, bcachefs).
FICLONE: Final = 0x40049409
_NO_CLONE: Final = frozenset({errno.EOPNOTSUPP, errno.EXDEV, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM})
_PIECE: Final = 1 << 20
_SOURCE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TARGET: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CAPABILITY: Final = "security.capability"


class Copier:
    """Copies into the folder `target`, which nobody else writes to."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._first: dict[tuple[int, int], str] = {}
        self._folders: list[tuple[str, os.stat_result]] = []

    def copy_stack(self, layers: Sequence[int]) -> None:
        """All that the layers (their roots, the topmost first) show together."""
        waiting: list[tuple[str, Sequence[int]]] = [("", layers)]
        while waiting:
            path, parts = waiting.pop()
            with contextlib.ExitStack() as stack:
                into = stack.enter_context(opened(self._target, path))
                sources = {layer: stack.enter_context(opened(layer, path)) for layer in parts}
                for name, entry in entries(path, parts).items():
                    self._copy(sources[entry.layer], into, path, name, entry.info)
                    if entry.is_folder:
                        waiting.append((joined(path, name), entry.parts))
        self.finish()

    def copy(self, source: int, path: str, name: str) -> None:
        """The file `name` of the open folder `source` into `path`, which is there; of a folder the folder alone."""
        info = os.stat(name, dir_fd=source, follow_symlinks=False)
        with opened(self._target, path) as into:
            self._copy(source, into, path, name, info)

    def finish(self) -> None:
        """Set the folders' times, which everything made in them has changed."""
        for path, info in self._folders:
            with opened(self._target, path) as folder:
                os.utime(folder, ns=(info.st_atime_ns, info.st_mtime_ns))

    def _copy(self, source: int, into: int, path: str, name: str, info: os.stat_result) -> None:
        if stat.S_ISREG(info.st_mode):
            self._regular(source, into, joined(path, name), name)
            return
        if stat.S_ISDIR(info.st_mode):
            os.mkdir(name, 0o700, dir_fd=into)
            self._folders.append((joined(path, name), info))
        elif stat.S_ISLNK(info.st_mode):
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=into)
        else:
            os.mknod(name, info.st_mode, info.st_rdev, dir_fd=into)
        _copy_attributes(source, into, name, info)

    def _regular(self, source: int, into: int, path: str, name: str) -> None:
        original = os.open(name, _SOURCE, dir_fd=source)
        try:
            info = os.fstat(original)
            if not stat.S_ISREG(info.st_mode):
                raise FileNotFoundError(errno.ENOENT, "replaced while it was copied", path)
            if info.st_nlink > 1 and (first := self._first.get((info.st_dev, info.st_ino))):
                os.link(first, name, src_dir_fd=self._target, dst_dir_fd=into, follow_symlinks=False)
                return
            self._first[info.st_dev, info.st_ino] = path
            copy = os.open(name, _TARGET, 0o600, dir_fd=into)
            try:
                _copy_data(original, copy, info.st_size)
                _describe(original, copy, info)
            finally:
                os.close(copy)
        finally:
            os.close(original)


def _copy_data(source: int, target: int, size: int) -> None:
    if not size or _cloned(source, target):
        return
    offset = 0
    while offset < size:
        try:
            start = os.lseek(source, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            break  # nothing but a hole follows
        offset = min(size, os.lseek(source, start, os.SEEK_HOLE))
        _copy_range(source, target, start, offset)
    os.ftruncate(target, size)


def _cloned(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError as error:
        if error.errno not in _NO_CLONE:
            raise
        return False
    return True


def _copy_range(source: int, target: int, start: int, end: int) -> None:
    while start < end:
        try:
            copied = os.copy_file_range(source, target, end - start, start, start)
        except OSError as error:
            if error.errno not in _NO_CLONE:
                raise
            copied = os.pwrite(target, os.pread(source, min(_PIECE, end - start), start), start)
        if not copied:
            return  # cut off meanwhile by who works in it
        start += copied


def _describe(original: int, copy: int, info: os.stat_result) -> None:
    """Owner first (it clears set-uid bits and capabilities), then mode, attributes, times."""
    os.fchown(copy, info.st_uid, info.st_gid)
    os.fchmod(copy, stat.S_IMODE(info.st_mode))
    _copy_extended(original, copy)
    os.utime(copy, ns=(info.st_atime_ns, info.st_mtime_ns))


def _copy_attributes(source: int, into: int, name: str, info: os.stat_result) -> None:
    """The same for what can't be opened."""
    os.chown(name, info.st_uid, info.st_gid, dir_fd=into, follow_symlinks=False)
    if not stat.S_ISLNK(info.st_mode):
        os.chmod(name, stat.S_IMODE(info.st_mode), dir_fd=into)
    _copy_extended(f"/proc/self/fd/{source}/{name}", f"/proc/self/fd/{into}/{name}")
    os.utime(name, ns=(info.st_atime_ns, info.st_mtime_ns), dir_fd=into, follow_symlinks=False)


def _copy_extended(source: int | str, target: int | str) -> None:
    follows = isinstance(source, int)  # a descriptor, of which the calls say that it is followed
    for attribute in extended(source):
        value = os.getxattr(source, attribute, follow_symlinks=follows)
        try:
            os.setxattr(target, attribute, value, follow_symlinks=follows)
        except OSError as error:
            if error.errno not in {errno.ENOTSUP, errno.EPERM} or attribute == _CAPABILITY:
                raise


def extended(path: int | str) -> list[str]:
    """The names of the extended attributes, in order; none where the file system has none."""
    try:
        return sorted(os.listxattr(path, follow_symlinks=isinstance(path, int)))
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise
