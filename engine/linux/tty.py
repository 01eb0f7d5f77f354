"""The terminal of a process, held up and let go on (tcflow(3)).

A held-up terminal takes no output: who writes to it waits. Input still arrives, and Ctrl-C still interrupts, which is
why this and not an unread connection paces a program: its monitor would wait for that, and pass on no key.
"""

import os
import stat
import termios
from typing import Final

#: The major numbers of pseudo-terminals' slaves (Linux, Documentation/admin-guide/devices.txt).
_PSEUDO_TERMINALS: Final = range(136, 144)


def set_output(pid: int, *, flows: bool) -> bool:
    """Let output to the terminal that is `pid`'s standard input flow, or hold it up.

    False where there is no such process, or its input is no pseudo-terminal. The terminal is opened for the moment
    only: an open one would keep its end from its master.
    """
    try:
        place = os.open(f"/proc/{pid}/fd/0", os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return _is_pseudo_terminal(place) and _flow(place, termios.TCOON if flows else termios.TCOOFF)
    finally:
        os.close(place)


def _is_pseudo_terminal(descriptor: int) -> bool:
    """Looked at before it is opened: a container's process may have anything for its input, also what must not be."""
    status = os.fstat(descriptor)
    return stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) in _PSEUDO_TERMINALS


def _flow(place: int, action: int) -> bool:
    try:
        descriptor = os.open(f"/proc/self/fd/{place}", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # its master is gone
    try:
        termios.tcflow(descriptor, action)
    except termios.error:
        return False
    finally:
        os.close(descriptor)
    return True
