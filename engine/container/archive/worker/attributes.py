"""What an entry says of its file: owner, mode, extended attributes, time."""

import errno
import os
from typing import Final

from engine.container.archive.worker.errors import Refusal
from engine.image.unpack.header import Header

_ID_LIMIT: Final = (1 << 32) - 2
#: Further from the epoch than this, file systems differ in what they keep.
_TIMES: Final = (-(1 << 31) * 1_000_000_000, (1 << 34) * 1_000_000_000)

Owner = tuple[int, int]


def apply(target: bytes | int, entry: Header, owner: Owner | None) -> None:
    """Set all of it on an open file, or on a name of the current folder, which is not followed.

    Owner first: changing it clears set-uid bits and capabilities. `owner` stands for the entry's own.
    """
    uid, gid = owner or (entry.uid, entry.gid)
    if not (0 <= uid <= _ID_LIMIT and 0 <= gid <= _ID_LIMIT):
        raise Refusal("InvalidParameter", f"owner {uid}:{gid} of {os.fsdecode(entry.name)!r} is out of range")
    if isinstance(target, int):
        os.fchown(target, uid, gid)
    else:
        os.lchown(target, uid, gid)
    if entry.kind != b"2":
        os.chmod(target, entry.mode & 0o7777)  # noqa: PTH101 - a descriptor, or bytes
    for name, value in entry.xattrs.items():
        _set_attribute(target, name, value)
    set_time(target, entry.mtime)


def set_time(target: bytes | int, mtime: int) -> None:
    bounded = min(max(mtime, _TIMES[0]), _TIMES[1])
    os.utime(target, ns=(bounded, bounded), follow_symlinks=isinstance(target, int))


def _set_attribute(target: bytes | int, name: bytes, value: bytes) -> None:
    """A label that this host, or this worker's rights, do not know means nothing here; Docker passes over it too."""
    try:
        os.setxattr(target, name, value, follow_symlinks=isinstance(target, int))
    except OSError as error:
        if error.errno not in {errno.ENOTSUP, errno.EPERM} or name == b"security.capability":
            raise
