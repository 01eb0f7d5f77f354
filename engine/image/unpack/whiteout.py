"""Deletions, from the image format's `.wh.` files to overlayfs' own marks (OCI layer.md; kernel overlayfs.rst)."""

import os
import stat
from enum import Enum
from typing import Final

from engine.image.unpack.errors import LayerError

_PREFIX: Final = b".wh."
_META_PREFIX: Final = b".wh..wh."
_OPAQUE: Final = b".wh..wh..opq"
_OPAQUE_ATTRIBUTE: Final = b"trusted.overlay.opaque"


class Meaning(Enum):
    """What an entry's name says beside naming a file."""

    FILE = "a file"
    DELETED = "the name without its prefix is gone from the layers below"
    OPAQUE = "the folder hides all that the layers below have in it"
    IGNORED = "AUFS' own bookkeeping"


def meaning(name: bytes) -> Meaning:
    """Tell by an entry's last path component; raises LayerError for a whiteout of nothing, `.` or `..`."""
    if not name.startswith(_PREFIX):
        return Meaning.FILE
    if name == _OPAQUE:
        return Meaning.OPAQUE
    if name.startswith(_META_PREFIX):
        return Meaning.IGNORED
    if deleted(name) in {b"", b".", b".."}:
        raise LayerError(f"invalid whiteout {name!r}")
    return Meaning.DELETED


def deleted(name: bytes) -> bytes:
    """The name that a whiteout deletes."""
    return name.removeprefix(_PREFIX)


def make_whiteout(path: bytes) -> None:
    os.mknod(path, stat.S_IFCHR, 0)


def make_opaque(folder: bytes) -> None:
    os.setxattr(folder, _OPAQUE_ATTRIBUTE, b"y", follow_symlinks=False)


def is_whiteout(info: os.stat_result) -> bool:
    return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


def check_attribute(name: bytes) -> None:
    """An archive may not speak to overlayfs directly: raises LayerError for its attributes."""
    if name.startswith((b"trusted.overlay.", b"user.overlay.")):
        raise LayerError(f"extended attribute {name[:80]!r} is not allowed in a layer")
