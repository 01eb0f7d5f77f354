"""Shutting the process into one folder."""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
#: Address space: the interpreter, its libraries, zstd's largest window, and the names of a few million folders.
_MEMORY: Final = 1 << 30


def confine(root: str, *, parent: int) -> None:
    """Make `root` this process' root for good. Nothing outside can be opened, and nothing inside is ever imported.

    The process dies with the engine (`parent`), so that nobody writes into a folder that the next engine sweeps.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the engine is gone")
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0)
    os.chroot(root)
    os.chdir("/")
    sys.path.clear()
    sys.meta_path.clear()
