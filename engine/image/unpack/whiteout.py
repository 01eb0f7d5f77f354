"""Deletions: what an entry's name says, and how a folder is to say it (OCI layer.md; kernel overlayfs.rst)."""

import os
import stat
from enum import Enum
from typing import Final, Protocol

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


def meaning(folder: bytes, name: bytes) -> Meaning:
    """Tell by an entry's path, its last component apart.

    Raises LayerError for a whiteout of nothing, `.` or `..`, and for one that is used as a folder.
    """
    if is_reserved(folder):
        if b"/" + _META_PREFIX in folder:
            return Meaning.IGNORED
        raise LayerError(f"a whiteout is used as a folder: {folder[:200]!r}")
    if not name.startswith(_PREFIX):
        return Meaning.FILE
    if name == _OPAQUE:
        return Meaning.OPAQUE
    if name.startswith(_META_PREFIX):
        return Meaning.IGNORED
    if deleted(name) in {b"", b".", b".."}:
        raise LayerError(f"invalid whiteout {name!r}")
    return Meaning.DELETED


def is_reserved(path: bytes) -> bool:
    """Does the absolute path lead through, or to, a name that no file may have?"""
    return b"/" + _PREFIX in path


def deleted(name: bytes) -> bytes:
    """The name that a whiteout deletes."""
    return name.removeprefix(_PREFIX)


class Marks(Protocol):
    """One way to write deletions. All of them speak of the layers below, never of what their own layer has."""

    def place(self, path: bytes) -> bytes:
        """Where the mark is that `path` is gone."""

    def delete(self, path: bytes) -> None:
        """Mark `path`, at `place(path)`; raises FileExistsError where there is something."""

    def hide(self, folder: bytes) -> None:
        """Mark the folder: what the layers below have in it is not seen."""

    def is_mark(self, info: os.stat_result) -> bool:
        """Can this, at the place of a file, be a mark?"""


class OverlayMarks:
    """Those that overlayfs reads: a mark stands in the place of the file."""

    def place(self, path: bytes) -> bytes:
        return path

    def delete(self, path: bytes) -> None:
        os.mknod(path, stat.S_IFCHR, 0)

    def hide(self, folder: bytes) -> None:
        os.setxattr(folder, _OPAQUE_ATTRIBUTE, b"y", follow_symlinks=False)

    def is_mark(self, info: os.stat_result) -> bool:
        return stat.S_ISCHR(info.st_mode) and info.st_rdev == 0


class NameMarks:
    """The image format's own, for any file system: a mark stands beside the file, and nothing else may be so named."""

    def place(self, path: bytes) -> bytes:
        folder, _, name = path.rpartition(b"/")
        return folder + b"/" + _PREFIX + name

    def delete(self, path: bytes) -> None:
        os.close(os.open(self.place(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))

    def hide(self, folder: bytes) -> None:
        os.close(os.open(folder.rstrip(b"/") + b"/" + _OPAQUE, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def is_mark(self, info: os.stat_result) -> bool:
        return False


MARKS: Final[dict[str, Marks]] = {"overlay": OverlayMarks(), "names": NameMarks()}


def check_attribute(name: bytes) -> None:
    """An archive may not speak to overlayfs directly: raises LayerError for its attributes."""
    if name.startswith((b"trusted.overlay.", b"user.overlay.")):
        raise LayerError(f"extended attribute {name[:80]!r} is not allowed in a layer")
