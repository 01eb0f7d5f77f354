"""What is left of a container whose state the runtime itself can't read any more: found by its cgroups' name."""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.errors import EngineError

_ROOT: Final = Path("/sys/fs/cgroup")
_PATIENCE_S: Final = 10
_LOOK_EVERY_S: Final = 0.01


def remove(container_id: str, folder: Path) -> None:
    """Kill its processes, remove its cgroups, then its state `folder`. Blocking. Raises EngineError when one stays."""
    groups = [path for path in _ROOT.rglob(container_id) if path.is_dir()]
    deadline = time.monotonic() + _PATIENCE_S
    while pids := _members(groups):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise EngineError(f"container {container_id}: its processes {pids} can't be killed")
        time.sleep(_LOOK_EVERY_S)  # a cgroup tells nobody on v1 that its last process has gone
    for group in groups:
        _remove_group(group)
    shutil.rmtree(folder, ignore_errors=True)


def _members(groups: Sequence[Path]) -> set[int]:
    """The processes in the cgroups and in those that the container made below them."""
    files = (file for group in groups for file in group.rglob("cgroup.procs"))
    return {int(pid) for file in files for pid in file.read_text().split()}


def _remove_group(group: Path) -> None:
    below = [Path(folder) for folder, _, _ in os.walk(group)]
    for folder in reversed(below):
        with contextlib.suppress(FileNotFoundError):
            folder.rmdir()
