"""What kind of control groups the host has."""

from functools import cache
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")


@cache
def is_v2() -> bool:
    """Is the unified hierarchy alone mounted? False on v1 and on hybrid hosts, where v1 holds the controllers."""
    return (_ROOT / "cgroup.controllers").exists()


@cache
def has(controller: str, knob: str = "", *, unified: bool = True) -> bool:
    """Can a container be held by `controller`, in v1 by its file `knob` (such as `memory.swappiness`)?

    With `unified` False the knob is one that v2 does not have. v1 shows all files in any child of the root only: the
    root itself lacks some, so a child's are asked for where there is one.
    """
    if is_v2():
        return unified and controller in (_ROOT / "cgroup.controllers").read_text().split()
    hierarchy = _ROOT / controller
    return (hierarchy / knob).exists() or any((child / knob).exists() for child in _children(hierarchy))


def _children(hierarchy: Path) -> list[Path]:
    return [entry for entry in hierarchy.iterdir() if entry.is_dir()] if hierarchy.is_dir() else []


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
