"""What layers show together, folder by folder, without a mount.

Layers hold what strangers packed: no link in them is ever followed, neither one's own nor one below another's name.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.linux import syscalls

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_BELOW: Final = syscalls.RESOLVE_BENEATH | syscalls.RESOLVE_NO_SYMLINKS
#: Deletions, as the image format writes them (OCI layer.md).
MARK: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"


@dataclass(slots=True)
class Entry:
    """What is seen under one name. `layer` has it; of a folder, `parts` are all layers that contribute to it."""

    info: os.stat_result
    layer: int
    parts: list[int] = field(default_factory=list)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.info.st_mode)


def entries(path: str, layers: Sequence[int]) -> dict[str, Entry]:
    """What the folder `path`, which each of `layers` has, shows: the topmost first, by descriptors of their roots."""
    found: dict[str, Entry] = {}
    closed: set[str] = set()
    for layer in layers:
        with opened(layer, path) as folder:
            names = os.listdir(folder)  # noqa: PTH208 - a descriptor
            for name in names:
                if not name.startswith(MARK) and name not in closed:
                    _add(found, closed, name, os.stat(name, dir_fd=folder, follow_symlinks=False), layer)
        closed.update(name.removeprefix(MARK) for name in names if name.startswith(MARK))
        if OPAQUE in names:
            break
    return found


def _add(found: dict[str, Entry], closed: set[str], name: str, info: os.stat_result, layer: int) -> None:
    """A folder shows its like in the layers below; anything else hides whatever is there."""
    is_folder = stat.S_ISDIR(info.st_mode)
    if not is_folder:
        closed.add(name)
    if name not in found:
        found[name] = Entry(info, layer)
    if is_folder:
        found[name].parts.append(layer)


@contextlib.contextmanager
def opened(root: int, path: str) -> Iterator[int]:
    """A descriptor of the folder `path` ("" is the root itself). Raises OSError where a link is in the way."""
    descriptor = syscalls.openat2(root, path or ".", flags=_FOLDER, resolve=_BELOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
