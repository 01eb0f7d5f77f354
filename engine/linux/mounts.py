"""Mounts: making them, undoing them, and reading what is mounted."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.linux import syscalls

_MOUNTINFO: Final = Path("/proc/self/mountinfo")


@dataclass(frozen=True, slots=True)
class MountPoint:
    """One line of /proc/self/mountinfo."""

    target: Path
    fstype: str
    source: str


def mounted() -> list[MountPoint]:
    """Every mount of this mount namespace, in mount order."""
    return [_parse(line) for line in _MOUNTINFO.read_text(errors="surrogateescape").splitlines()]


def mounted_below(root: Path) -> list[MountPoint]:
    """The mounts at or below `root`, the last made first: the order in which to undo them."""
    return [point for point in reversed(mounted()) if point.target == root or root in point.target.parents]


def bind(source: Path, target: Path) -> None:
    """Make `target` (which exists) show what `source` is."""
    syscalls.mount(str(source), target, flags=syscalls.MS_BIND)


def unmount(target: Path, *, lazily: bool = False) -> bool:
    """Undo the topmost mount at `target`; False when there is none. Raises OSError (EBUSY while it is in use)."""
    flags = syscalls.UMOUNT_NOFOLLOW | (syscalls.MNT_DETACH if lazily else 0)
    try:
        syscalls.umount(target, flags)
    except OSError as error:
        if error.errno in {errno.EINVAL, errno.ENOENT}:
            return False
        raise
    return True


def detach(target: Path) -> None:
    """Undo the mount at `target`; one that is still busy goes out of sight now and away with its last user."""
    try:
        unmount(target)
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        unmount(target, lazily=True)


def _parse(line: str) -> MountPoint:
    """Fields: ID, parent, device, root, target, options, optional fields…, `-`, type, source (proc(5))."""
    head, _, tail = line.partition(" - ")
    fstype, source = tail.split(" ")[:2]
    return MountPoint(Path(_unescape(head.split(" ")[4])), fstype, _unescape(source))


def _unescape(field: str) -> str:
    """The kernel writes blanks, tabs, newlines and backslashes as three octal digits."""
    if "\\" not in field:
        return field
    parts = field.split("\\")
    plain = parts[0].encode(errors="surrogateescape")
    for part in parts[1:]:
        plain += bytes([int(part[:3], 8)]) + part[3:].encode(errors="surrogateescape")
    return os.fsdecode(plain)
