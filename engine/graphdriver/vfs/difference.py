"""What a tree differs in from the layers that it was copied from."""

import contextlib
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from engine.graphdriver.change import Change, Kind, differ, is_stub
from engine.graphdriver.vfs.copying import Copier, extended
from engine.graphdriver.vfs.stack import MARK, Entry, entries, joined, opened

_CAPABILITY: Final = "security.capability"


class _Pair(NamedTuple):
    """A folder of the tree, and the layers whose folders it was copied from."""

    path: str
    parts: Sequence[int]


class Difference:
    """Looks at everything in `tree` once. A container may be at work in it: what vanishes meanwhile is left out."""

    def __init__(self, tree: int, layers: Sequence[int], *, scaffold: Collection[str] = ()) -> None:
        self._tree = tree
        self._layers = layers
        self._scaffold = frozenset(scaffold)
        self._linked: set[int] = set()
        #: The bytes in all files and links that were added or modified; one with several names counts once.
        self.size = 0

    def found(self) -> Iterator[tuple[str, Kind]]:
        """What has changed, by absolute path, but for the folders that hold it."""
        waiting = [_Pair("", self._layers)]
        while waiting:
            pair = waiting.pop()
            with contextlib.suppress(OSError), opened(self._tree, pair.path) as folder:
                yield from self._folder(folder, pair, waiting)

    def _folder(self, folder: int, pair: _Pair, waiting: list[_Pair]) -> Iterator[tuple[str, Kind]]:
        before = entries(pair.path, pair.parts)
        for name in os.listdir(folder):
            path, old = joined(pair.path, name), before.pop(name, None)
            try:
                new = os.stat(name, dir_fd=folder, follow_symlinks=False)
            except FileNotFoundError:
                continue
            if (kind := self._kind(f"/{path}", folder, name, old, new)) is not None:
                self._count(new)
                yield f"/{path}", kind
            if stat.S_ISDIR(new.st_mode):
                waiting.append(_Pair(path, old.parts if old else ()))
            elif old is not None and old.is_folder:
                yield from ((f"/{path}/{lost}", Kind.DELETED) for lost in sorted(entries(path, old.parts)))
        yield from ((f"/{joined(pair.path, lost)}", Kind.DELETED) for lost in sorted(before))

    def _kind(self, path: str, folder: int, name: str, old: Entry | None, new: os.stat_result) -> Kind | None:
        if old is None:
            return None if path in self._scaffold and is_stub(new) else Kind.ADDED
        if differ(old.info, new):
            return Kind.MODIFIED
        if stat.S_ISREG(new.st_mode) and new.st_ctime_ns != old.info.st_ctime_ns:
            with opened(old.layer, path.lstrip("/").rpartition("/")[0]) as layer:
                return None if _capability(layer, name) == _capability(folder, name) else Kind.MODIFIED
        return None

    def _count(self, info: os.stat_result) -> None:
        if stat.S_ISDIR(info.st_mode) or info.st_ino in self._linked:
            return
        if info.st_nlink > 1:
            self._linked.add(info.st_ino)
        self.size += info.st_size


def write(changes: Iterable[Change], tree: int, target: int) -> None:
    """Copy what has changed in `tree` into the empty folder `target` in the form of a layer.

    `changes` come sorted and with all folders that hold a change. A name that would be read as a deletion is left out.
    """
    copier = Copier(target)
    for path, kind in changes:
        folder, _, name = path.removeprefix("/").rpartition("/")
        if any(part.startswith(MARK) for part in path.split("/")):
            continue
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # gone meanwhile, or hidden by a file
            if kind is Kind.DELETED:
                _mark(target, folder, name)
            else:
                with opened(tree, folder) as source:
                    copier.copy(source, folder, name)
    copier.finish()


def _mark(target: int, folder: str, name: str) -> None:
    with opened(target, folder) as into:
        os.close(os.open(MARK + name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=into))


def _capability(folder: int, name: str) -> bytes | None:
    path = f"/proc/self/fd/{folder}/{name}"
    return os.getxattr(path, _CAPABILITY, follow_symlinks=False) if _CAPABILITY in extended(path) else None
