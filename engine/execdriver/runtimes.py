"""The OCI runtimes by name, and which of them a container has that names none.

runc and crun are there where they are installed; `--add-runtime NAME=PATH` names further ones. Each has a state folder
of its own, so that a container's runtime is found again by where its state is.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from engine.errors import InvalidParameter, Unavailable
from engine.execdriver import trial
from engine.execdriver.runtime import PROGRAM, Runtime

log = structlog.get_logger(__name__)

#: In the order in which they are tried.
CANDIDATES: Final = ("runc", "crun")
#: What Docker also calls its first runtime.
_ALIASES: Final[Mapping[str, str]] = {"io.containerd.runc.v2": "runc"}
_PREFIX: Final = "runtime-"


class Runtimes:
    """Iterates over all, also over one that an earlier engine knew by a name which this one was not told.

    Raises Unavailable when there is none, or not the one that shall be the default.
    """

    def __init__(self, run: Path, *, named: Mapping[str, str] | None = None, default: str = "") -> None:
        self._run = run
        installed = {name: path for name in CANDIDATES if (path := shutil.which(name))}
        programs = {**installed, **(named or {})}
        if "/" in default:  # a program is as good as a name
            programs[Path(default).name] = default
        self.default = Path(default).name
        self._named = {name: Runtime(Path(program), self._root(name)) for name, program in programs.items()}
        self._former = [Runtime(link.resolve(), link.parent) for link in self._unnamed()]
        if self.default and (self.default not in self._named or not shutil.which(programs[self.default])):
            raise Unavailable(f"{default} is not installed (no such program): the engine can't run containers with it")
        if not self._named:
            raise Unavailable(f"no OCI runtime is installed (neither {' nor '.join(CANDIDATES)} is on PATH)")
        self._is_chosen = bool(self.default)
        self.default = self.default or next(iter(self._named))

    def __iter__(self) -> Iterator[Runtime]:
        yield from (*self._named.values(), *self._former)

    @property
    def programs(self) -> Mapping[str, str]:
        """Each name that `get` takes, and its program."""
        programs = {name: str(runtime.program) for name, runtime in self._named.items()}
        return programs | {alias: programs[name] for alias, name in _ALIASES.items() if name in programs}

    def get(self, name: str) -> Runtime:
        """Empty for the default. Raises InvalidParameter, in Docker's words, for a name that is none."""
        runtime = self._named.get(_ALIASES.get(name, name) or self.default)
        if runtime is None:
            raise InvalidParameter(f"unknown or invalid runtime name: {name}")
        return runtime

    def of(self, container_id: str) -> Runtime:
        """The one that has the container, by its state; the default's for one that nobody has."""
        return next((runtime for runtime in self if runtime.has(container_id)), self.get(""))

    async def choose(self, cgroup: str) -> None:
        """Settle the default where nobody named it: the first candidate that works on this host.

        Only trying tells: crun, for one, refuses hosts that have control groups of both versions. `cgroup` is where a
        trial may put its own. Where none works the first stays, and says why at the first container.
        """
        candidates: Sequence[str] = [name for name in CANDIDATES if name in self._named]
        if self._is_chosen or len(candidates) < 2:
            return
        for name in candidates:
            reason = await trial.reason_against(self._named[name].program, self._run / "trial", cgroup)
            if not reason:
                self.default = name
                return
            log.warning("an OCI runtime does not work on this host", runtime=name, reason=reason)

    def _root(self, name: str) -> Path:
        return self._run / ("runtime" if name == "runc" else f"{_PREFIX}{name}")

    def _unnamed(self) -> list[Path]:
        links = [*self._run.glob(f"runtime/{PROGRAM}"), *self._run.glob(f"{_PREFIX}*/{PROGRAM}")]
        known = {runtime.root for runtime in self._named.values()}
        return [link for link in links if link.parent not in known]
