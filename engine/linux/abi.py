"""Which system call interfaces the kernel has beside its native one."""

import ctypes
import platform
from functools import cache
from typing import Final

_X32_BIT: Final = 0x40000000
_GETPID: Final = 39


@cache
def has_x32() -> bool:
    """Does the kernel serve x32 programs? Debian's and most others are built, or started, so that they do not."""
    return platform.machine() == "x86_64" and ctypes.CDLL(None).syscall(_X32_BIT | _GETPID) > 0
