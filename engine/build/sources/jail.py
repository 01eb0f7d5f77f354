"""`python -m engine.build.sources.jail SCRATCH PARENT PROGRAM…`: run a program that reads what strangers wrote.

It is nobody, without privileges or a way to get any, and ends with the engine. It sees SCRATCH as its `/tmp`, and
starts there: above SCRATCH lie folders that nobody may enter.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

from engine.linux import syscalls

NOBODY: Final = 65534
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NO_NEW_PRIVS: Final = 38
#: Bytes of one file: no pack of a repository that is built from is larger.
_FILE_SIZE: Final = 16 << 30


def main(scratch: str, parent: str, *program: str) -> None:
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount(scratch, "/tmp", flags=syscalls.MS_BIND)  # noqa: S108 - the scratch folder, for this process alone
    quiet = syscalls.MS_REMOUNT | syscalls.MS_BIND | syscalls.MS_NOSUID | syscalls.MS_NODEV
    syscalls.mount("", "/tmp", flags=quiet)  # noqa: S108
    os.chdir("/tmp")  # noqa: S108
    _become_nobody()
    _end_with(int(parent))
    os.umask(0o022)
    os.execvp(program[0], program)  # noqa: S606 - no shell is wanted


def _become_nobody() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_SIZE, _FILE_SIZE))


def _end_with(parent: int) -> None:
    """After the change of identity, which makes the kernel forget this wish."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_PDEATHSIG, signal.SIGKILL)):
        if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl({option})")
    if os.getppid() != parent:
        sys.exit("the engine is gone")


if __name__ == "__main__":
    main(*sys.argv[1:])
