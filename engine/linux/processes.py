"""Processes by number and birth: numbers are used again, after some 30,000 others on most hosts."""

import contextlib
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


def descendants(pid: int) -> list[int]:
    """All that the process has started, directly or not, and that still hangs below it. A snapshot."""
    found: list[int] = []
    pending = [pid]
    while pending:
        below = _children(pending.pop())
        found += below
        pending += below
    return found


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        files = Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for file in files for child in file.read_text().split()]
    return []  # it has ended while it was looked at


def open_born(pid: int, birth: int) -> int | None:
    """A pidfd of the process that was born as `pid` at `birth`; None when that one is gone, whoever is `pid` now."""
    descriptor = open_pidfd(pid) if birth else None
    if descriptor is None:
        return None
    if birth_of(pid) == birth:  # asked after opening: what the descriptor holds can't change any more
        return descriptor
    os.close(descriptor)
    return None
