"""Giving up what copying files does not need."""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_VERSION_3: Final = 0x20080522
#: chown, dac_override, fowner, fsetid, mknod, setfcap (linux/capability.h). Without ptrace no other process' folder
#: or root can be entered through /proc, in a container that has the host's.
_CAPABILITIES: Final = sum(1 << number for number in (0, 1, 3, 4, 27, 31))
#: Address space: the interpreter, its libraries, zstd's largest window, and the names in the largest folders.
_MEMORY: Final = 1 << 30

_libc: Final = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> None:
    """The process ends with the engine. What it leaves in memory is for nobody else to see."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the engine is gone")
    _prctl(_PR_SET_DUMPABLE, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def give_up() -> None:
    """Keep the rights over files alone, and import nothing from now on."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    low, high = _CAPABILITIES & 0xFFFFFFFF, _CAPABILITIES >> 32
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    if _libc.capset(header, data) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    sys.path.clear()
    sys.meta_path.clear()


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option})")
