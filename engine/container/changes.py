"""What a container's writable layer changes of its image, as `docker diff` tells it.

The layers are in the form that `graphdriver.driver` describes. The writable one may change meanwhile, so it is walked
by descriptors; the image's are looked into without following a link, whose targets would be the host's.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

from engine.linux import syscalls

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BELOW: Final = syscalls.RESOLVE_BENEATH | syscalls.RESOLVE_NO_SYMLINKS
_MISSING: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})
#: What the runtime makes for its own mounts. Docker has it in a layer between the image and the container's.
_STUBS: Final = frozenset(
    {"/dev", "/dev/console", "/dev/pts", "/dev/shm", "/etc", "/etc/hostname", "/etc/hosts"}  # noqa: S108 - a mount point
    | {"/etc/resolv.conf", "/proc", "/sys"}
)


class Kind(IntEnum):
    """The API's numbers."""

    MODIFIED = 0
    ADDED = 1
    DELETED = 2


class Change(NamedTuple):
    path: str
    kind: Kind


def changes(written: Path, layers: Sequence[Path]) -> list[Change]:
    """Compare the folder of a writable layer with the image's `layers`, the topmost first; sorted by path.

    A folder counts as modified when anything in it has changed. Blocks for as long as the layer has files.
    """
    with contextlib.ExitStack() as opened:
        folders = [_open(opened, layer) for layer in layers]
        found = dict(_Walk(folders).below(_open(opened, written)))
    for path in list(found):
        for parent in _parents(path):
            found.setdefault(parent, Kind.MODIFIED)
    return [Change(path, found[path]) for path in sorted(found)]


@dataclass(frozen=True)
class _Pair:
    """A folder of the writable layer, and those of the image's layers that show through it, the topmost first."""

    path: str
    shown: tuple[int, ...]
    is_opaque: bool = False


class _Walk:
    """Looks at everything in the writable layer once."""

    def __init__(self, layers: Sequence[int]) -> None:
        self._layers = layers

    def below(self, written: int) -> Iterator[tuple[str, Kind]]:
        waiting = [_Pair("", tuple(range(len(self._layers))))]
        while waiting:
            pair = waiting.pop()
            with contextlib.suppress(OSError), _opened(written, pair.path) as folder:  # gone while we looked elsewhere
                yield from self._folder(folder, pair, waiting)

    def _folder(self, folder: int, pair: _Pair, waiting: list[_Pair]) -> Iterator[tuple[str, Kind]]:
        names = os.listdir(folder)
        for name in names:
            path = f"{pair.path}/{name}"
            try:
                new = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue
            old = self._old(path, pair.shown)
            if (kind := _kind(path, old, new)) is not None:
                yield path, kind
            if stat.S_ISDIR(new.st_mode):
                with contextlib.suppress(OSError), _opened(folder, name) as child:
                    waiting.append(_Pair(path, self._shown(path, pair.shown), _is_opaque(child)))
            elif old is not None and stat.S_ISDIR(old.st_mode) and not _is_whiteout(new):
                yield from self._lost(path, self._shown(path, pair.shown), frozenset())
        if pair.is_opaque:
            yield from self._lost(pair.path, pair.shown, frozenset(names))

    def _lost(self, path: str, shown: tuple[int, ...], kept: frozenset[str]) -> Iterator[tuple[str, Kind]]:
        """What the image has in a folder that is hidden now."""
        for name in sorted(self._names(path, shown) - kept):
            if self._old(f"{path}/{name}", shown) is not None:
                yield f"{path}/{name}", Kind.DELETED

    def _names(self, path: str, shown: tuple[int, ...]) -> set[str]:
        names: set[str] = set()
        for layer in shown:
            with _opened(self._layers[layer], path) as folder:
                names.update(os.listdir(folder))  # noqa: PTH208 - a descriptor
        return names

    def _old(self, path: str, shown: tuple[int, ...]) -> os.stat_result | None:
        """What the image has at the path."""
        for layer in shown:
            if (info := _look(self._layers[layer], path)) is not None:
                return None if _is_whiteout(info) else info
        return None

    def _shown(self, path: str, shown: tuple[int, ...]) -> tuple[int, ...]:
        """The layers whose folders at the path make up the image's."""
        found = []
        for layer in shown:
            info = _look(self._layers[layer], path)
            if info is None:
                continue
            if not stat.S_ISDIR(info.st_mode):
                break
            found.append(layer)
            with _opened(self._layers[layer], path) as folder:
                if _is_opaque(folder):
                    break
        return tuple(found)


def _kind(path: str, old: os.stat_result | None, new: os.stat_result) -> Kind | None:
    if _is_whiteout(new):
        return Kind.DELETED if old is not None else None
    if old is None:
        return None if path in _STUBS and _is_stub(new) else Kind.ADDED
    return Kind.MODIFIED if _differ(old, new) else None


def _differ(old: os.stat_result, new: os.stat_result) -> bool:
    """As Docker compares: of a folder neither size nor time matters."""
    if _owned(old) != _owned(new):
        return True
    is_folder = stat.S_ISDIR(new.st_mode)
    return not is_folder and (old.st_size, old.st_mtime_ns) != (new.st_size, new.st_mtime_ns)


def _owned(info: os.stat_result) -> tuple[int, ...]:
    return info.st_mode, info.st_uid, info.st_gid, info.st_rdev


def _is_stub(info: os.stat_result) -> bool:
    return stat.S_ISDIR(info.st_mode) or (stat.S_ISREG(info.st_mode) and info.st_size == 0)


def _is_whiteout(info: os.stat_result) -> bool:
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def _is_opaque(folder: int) -> bool:
    try:
        return os.getxattr(folder, "trusted.overlay.opaque") == b"y"
    except OSError as error:
        if error.errno in {errno.ENODATA, errno.ENOTSUP}:
            return False
        raise


def _look(layer: int, path: str) -> os.stat_result | None:
    try:
        descriptor = syscalls.openat2(layer, path.lstrip("/"), flags=os.O_PATH | os.O_NOFOLLOW, resolve=_BELOW)
    except OSError as error:
        if error.errno in _MISSING:
            return None
        raise
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _opened(base: int, path: str) -> Iterator[int]:
    descriptor = syscalls.openat2(base, path.lstrip("/") or ".", flags=_FOLDER, resolve=_BELOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _open(opened: contextlib.ExitStack, folder: Path) -> int:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    opened.callback(os.close, descriptor)
    return descriptor


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
