"""Processes by number and birth: numbers are used again, after some 30,000 others on most hosts."""

import os
from pathlib import Path

from engine.linux.waiting import open_pidfd


def birth_of(pid: int) -> int:
    """When the process began, in clock ticks since the host's start (proc(5), field 22 of stat); 0 when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    # The second field is the program's name in brackets and may hold anything, brackets too.
    return int(stat.rpartition(b")")[2].split()[19])


def open_born(pid: int, birth: int) -> int | None:
    """A pidfd of the process that was born as `pid` at `birth`; None when that one is gone, whoever is `pid` now."""
    descriptor = open_pidfd(pid) if birth else None
    if descriptor is None:
        return None
    if birth_of(pid) == birth:  # asked after opening: what the descriptor holds can't change any more
        return descriptor
    os.close(descriptor)
    return None
