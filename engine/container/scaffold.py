"""Where something is mounted in every container."""

from typing import Final

#: What the runtime makes for its own mounts. Docker has it in a layer between the image and the container's.
STUBS: Final = frozenset(
    {"/dev", "/dev/console", "/dev/pts", "/dev/shm", "/etc", "/etc/hostname", "/etc/hosts"}  # noqa: S108 - a mount point
    | {"/etc/resolv.conf", "/proc", "/sys"}
)
