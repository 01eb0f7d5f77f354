"""Times no later than one moment: what SOURCE_DATE_EPOCH asks of a layer's files."""

import os
from typing import Final

_NANO: Final = 1_000_000_000


def clamp(latest: int) -> None:
    """Give each file below `/` that was changed after `latest` (Unix seconds) that time."""
    bound = latest * _NANO
    waiting = ["/"]
    while waiting:
        folder = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                if entry.stat(follow_symlinks=False).st_mtime_ns > bound:
                    os.utime(entry.path, ns=(bound, bound), follow_symlinks=False)
