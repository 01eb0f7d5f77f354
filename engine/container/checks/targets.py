"""Places in a container where a stranger's link would make the runtime write or mount somewhere else.

The runtime mounts /proc, /sys and /dev itself, then masks paths with the container's own /dev/null. An image that has a
link in one of these places, or a volume that brings a /dev with it, could turn that against the host (CVE-2025-31133,
CVE-2025-52565, CVE-2025-52881, CVE-2019-16884), and the host's runtime may be older than the remedy.
"""

import os
import stat
from pathlib import Path
from typing import Final

from engine.container.record import MountedVolume
from engine.errors import InvalidParameter

_SYSTEM: Final = ("proc", "sys", "dev")


def check_mount(mounted: MountedVolume) -> None:
    """Raise InvalidParameter for a volume or folder in the place of /proc, /sys or /dev.

    The host's own may be bound: what it holds is the host's.
    """
    if mounted.kind == "tmpfs" or mounted.destination.removeprefix("/") not in _SYSTEM:
        return
    if mounted.kind == "bind" and mounted.source == mounted.destination:
        return
    what = f"volume {mounted.name}" if mounted.name else mounted.source or "a volume"
    raise InvalidParameter(f"{what} can't be mounted at {mounted.destination}: the container's own is needed there")


def check_root(root: Path) -> None:
    """Raise InvalidParameter for a root filesystem whose /proc, /sys or /dev is anything but a folder."""
    for name in _SYSTEM:
        try:
            mode = os.lstat(root / name).st_mode
        except FileNotFoundError:
            continue  # the runtime makes it
        if not stat.S_ISDIR(mode):
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "no directory"
            raise InvalidParameter(
                f"the image's /{name} is {kind}: a file system of the kernel's is to be mounted there"
            )
