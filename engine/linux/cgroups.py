"""What kind of control groups the host has."""

from functools import cache
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")


@cache
def is_v2() -> bool:
    """Is the unified hierarchy alone mounted? False on v1 and on hybrid hosts, where v1 holds the controllers."""
    return (_ROOT / "cgroup.controllers").exists()


def remove(path: str) -> None:
    """Remove the empty cgroup `path` (absolute, such as /portside) from every hierarchy; a busy one stays."""
    for hierarchy in _hierarchies():
        folder = hierarchy / path.lstrip("/")
        try:
            folder.rmdir()
        except OSError:
            continue


def _hierarchies() -> list[Path]:
    return [_ROOT] if is_v2() else [entry for entry in _ROOT.iterdir() if entry.is_dir()]
