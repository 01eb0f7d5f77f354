"""Device nodes."""

import os
import stat
from pathlib import Path
from typing import Any, Final

#: Denied but for null, zero, full, random, urandom, tty and console; the runtime adds mknod and the terminals.
DEFAULT_RULES: Final = (
    {"allow": False, "access": "rwm"},
    *(
        {"allow": True, "type": "c", "major": major, "minor": minor, "access": "rwm"}
        for major, minor in ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1))
    ),
)


def host_devices() -> list[dict[str, Any]]:
    """Every device node of the host's /dev, for a privileged container; ptys and shared memory are its own."""
    devices = []
    for folder, folders, names in os.walk("/dev"):
        folders[:] = [name for name in folders if name not in {"pts", "shm", "mqueue", "fd"}]
        paths = [Path(folder, name) for name in names if name != "console"]
        devices += [described for path in paths if (described := _device(path)) is not None]
    return devices


def _device(path: Path) -> dict[str, Any] | None:
    status = path.lstat()
    kind = "c" if stat.S_ISCHR(status.st_mode) else "b" if stat.S_ISBLK(status.st_mode) else None
    if kind is None:
        return None
    return {
        "path": str(path),
        "type": kind,
        "major": os.major(status.st_rdev),
        "minor": os.minor(status.st_rdev),
        "fileMode": stat.S_IMODE(status.st_mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
    }
