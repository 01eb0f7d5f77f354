"""`python -m engine.graphdriver.vfs.worker PARENT`: one job over trees, told in a line of JSON on standard input.

The job: `{"job": …, "tree": …, "layers": […], "target": …, "scaffold": […]}`; `layers` are folders, the topmost first.
`copy` fills the empty folder `target` with what the layers show. `changes` lists what `tree` differs in, `size` adds
up the bytes of that, `write` puts it into the empty folder `target` as a layer. Out comes `{"result": …}`, or
`{"error": …}` with exit status 1.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from engine.graphdriver.change import whole
from engine.graphdriver.vfs.copying import Copier
from engine.graphdriver.vfs.difference import Difference, write

_PR_SET_PDEATHSIG: Final = 1
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is to be done, with everything opened."""

    layers: list[int]
    tree: int = -1
    target: int = -1
    scaffold: list[str] = field(default_factory=list)

    def difference(self) -> Difference:
        return Difference(self.tree, self.layers, scaffold=self.scaffold)


def _copy(job: Job) -> None:
    Copier(job.target).copy_stack(job.layers)


def _changes(job: Job) -> list[tuple[str, int]]:
    return [(path, int(kind)) for path, kind in whole(dict(job.difference().found()))]


def _size(job: Job) -> int:
    difference = job.difference()
    for _ in difference.found():
        pass
    return difference.size


def _write(job: Job) -> None:
    write(whole(dict(job.difference().found())), job.tree, job.target)


_JOBS: Final[dict[str, Callable[[Job], Any]]] = {"copy": _copy, "changes": _changes, "size": _size, "write": _write}


def main(parent: str) -> int:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # nobody writes where the next engine sweeps
    if os.getppid() != int(parent):
        return 1
    os.umask(0)
    asked = json.loads(sys.stdin.buffer.read())
    try:
        outcome = {"result": _run(asked)}
    except OSError as error:
        outcome = {"error": f"{error.filename or asked['job']}: {error.strerror}"}
    sys.stdout.write(json.dumps(outcome))
    return 1 if "error" in outcome else 0


def _run(asked: dict[str, Any]) -> Any:
    with contextlib.ExitStack() as stack:

        def opened(path: str) -> int:
            descriptor = os.open(path, _FOLDER)
            stack.callback(os.close, descriptor)
            return descriptor

        folders = {name: opened(asked[name]) for name in ("tree", "target") if name in asked}
        layers = [opened(path) for path in asked["layers"]]
        return _JOBS[asked["job"]](Job(layers=layers, scaffold=asked.get("scaffold", []), **folders))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
