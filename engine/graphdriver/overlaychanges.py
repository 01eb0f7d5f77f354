"""What a container's writable layer changes of its image, as the overlay driver keeps both.

The writable one may change meanwhile, so it is walked by descriptors; the image's are looked into without following a
link, whose targets would be the host's.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.graphdriver.change import Change, Kind, differ, is_stub, whole
from engine.linux import syscalls

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BELOW: Final = syscalls.RESOLVE_BENEATH | syscalls.RESOLVE_NO_SYMLINKS
_MISSING: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


def changes(written: Path, layers: Sequence[Path], scaffold: Collection[str] = ()) -> list[Change]:
    """Compare the folder of a writable layer with the image's `layers`, the topmost first; see `driver`.

    Blocks for as long as the layer has files.
    """
    with contextlib.ExitStack() as opened:
        folders = [_open(opened, layer) for layer in layers]
        return whole(dict(_Walk(folders, scaffold).below(_open(opened, written))))


@dataclass(frozen=True)
class _Pair:
    """A folder of the writable layer, and those of the image's layers that show through it, the topmost first."""

    path: str
    shown: tuple[int, ...]
    is_opaque: bool = False


class _Walk:
    """Looks at everything in the writable layer once."""

    def __init__(self, layers: Sequence[int], scaffold: Collection[str]) -> None:
        self._layers = layers
        self._scaffold = frozenset(scaffold)

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
            if (kind := self._kind(path, old, new)) is not None:
                yield path, kind
            if stat.S_ISDIR(new.st_mode):
                with contextlib.suppress(OSError), _opened(folder, name) as child:
                    waiting.append(_Pair(path, self._shown(path, pair.shown), _is_opaque(child)))
            elif old is not None and stat.S_ISDIR(old.st_mode) and not _is_whiteout(new):
                yield from self._lost(path, self._shown(path, pair.shown), frozenset())
        if pair.is_opaque:
            yield from self._lost(pair.path, pair.shown, frozenset(names))

    def _kind(self, path: str, old: os.stat_result | None, new: os.stat_result) -> Kind | None:
        if _is_whiteout(new):
            return Kind.DELETED if old is not None else None
        if old is None:
            return None if path in self._scaffold and is_stub(new) else Kind.ADDED
        return Kind.MODIFIED if differ(old, new) else None

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
