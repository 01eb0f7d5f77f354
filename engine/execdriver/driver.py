"""The contract between the engine and what runs processes for it.

Terms. A *bundle* is a folder below the run directory with a container's `config.json` (OCI runtime specification)
and everything the supervisor leaves there; an *exec folder* is the same for one exec session. The *runtime* (runc)
makes the namespaces and the process, then goes away. The *monitor* (conmon) is one process for each container and
each exec: it holds the stdio, writes the log, and leaves the exit code in a file. It is not the engine's to lose:
when the engine dies, the monitor goes on.

Lifecycle. `create` brings a container to the point where its first process exists and waits, so that everything
about it can still be prepared or refused; `start` lets it go. `finished` returns when the monitor has ended, with
what it left behind. `delete` removes whatever is left of the container in the kernel (processes, cgroups) and in the
runtime's own state; it can be called at any time, in any state, more than once.

Who cleans up. A failing `create` leaves nothing. The caller deletes after `finished`, and removes the bundle. After a
crash `known` names all that the runtime still has; the caller deletes what it does not recognise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from engine.errors import EngineError, InvalidParameter


class StartFailed(InvalidParameter):
    """The container's process could not be made. `exit_code` is what a shell would say: 126, 127 or 128."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class MonitorFailed(EngineError):
    """The supervisor itself could not be started, or ended without a word."""


@dataclass(frozen=True, kw_only=True)
class Stdio:
    """What the process's standard streams are.

    With `stdin_once` the first client that leaves closes stdin for good; otherwise it stays open for the next one.
    """

    tty: bool
    stdin: bool
    stdin_once: bool = False


@dataclass(frozen=True, slots=True)
class Journal:
    """The host's journal as the place for a container's output: what its entries call the container."""

    name: str
    tag: str


@dataclass(frozen=True, slots=True)
class Running:
    """A supervised process: its pid in the host's pid namespace, its monitor's, and when it was born.

    `birth` (clock ticks since the host's start) tells the process from a later one with the same number.
    """

    pid: int
    monitor_pid: int
    birth: int


@dataclass(frozen=True, slots=True)
class Finished:
    """How a process ended: `exit_code` as a shell counts (128 + signal); `error` when the end is not its own."""

    exit_code: int
    oom_killed: bool = False
    error: str = ""


class AttachSocket(Protocol):
    """A connection to a monitor: packets of one stream number and data; see `Stream` in engine.container.streams."""

    async def receive(self) -> tuple[int, bytes] | None:
        """The next packet's stream (1 stdout, 2 stderr) and data; None when the monitor has ended."""

    async def send(self, data: bytes) -> None: ...

    def half_close(self) -> None: ...

    def close(self) -> None: ...


class ExecDriver(Protocol):
    """See the module's text for terms and duties."""

    @property
    def name(self) -> str:
        """The default runtime's."""

    @property
    def runtimes(self) -> Mapping[str, str]:
        """The programs of all runtimes, by name."""

    async def prepare(self, cgroup: str) -> None:
        """Find out which runtime works here, where nobody has said which to take; `cgroup` is where it may be tried."""

    def check_runtime(self, name: str) -> None:
        """Raise InvalidParameter when there is no runtime of that name; empty stands for the default."""

    def answers_new_calls(self, runtime: str) -> bool:
        """Does the runtime by itself answer ENOSYS to system calls that are newer than a seccomp filter's list?"""

    async def version(self) -> str:
        """The default runtime's."""

    async def create(
        self, container_id: str, bundle: Path, *, stdio: Stdio, log: Path | Journal | None, runtime: str = ""
    ) -> Running:
        """Make the container of `bundle`/config.json by `runtime`, its process waiting.

        Raises StartFailed, MonitorFailed, and InvalidParameter when there is no such runtime (any more).
        Its output is added to the file `log` (see `engine.container.logs.entry`) or to the journal, or kept nowhere.
        """

    async def run(self, container_id: str, bundle: Path, *, stdout: int, stderr: int) -> int:
        """Run the container of `bundle`/config.json to its end, without a monitor; returns its exit code.

        Its input is empty, its output goes to the open descriptors. It lasts no longer than the caller waits:
        cancelled, this returns when all of it is gone. Raises StartFailed, MonitorFailed.
        """

    async def start(self, container_id: str, running: Running) -> None:
        """Let the waiting process go. Raises StartFailed."""

    async def finish_start(self, container_id: str, running: Running) -> None:
        """The same after a crash, where the process may have been let go already."""

    async def exec(self, container_id: str, folder: Path, process: Mapping[str, Any], *, stdio: Stdio) -> Running:
        """Run `process` (an OCI process object) in the running container. Raises StartFailed, MonitorFailed."""

    async def exec_attached(
        self, container_id: str, folder: Path, process: Mapping[str, Any], *, stdio: Stdio, log: Path | None = None
    ) -> tuple[Running, AttachSocket]:
        """The same with a connection made before the process starts, so that nothing of its output is missed.

        With `log` the output is written there as well, as a container's is.
        """

    async def finished(self, folder: Path, running: Running) -> Finished:
        """Wait for the end of what was started in `folder` (a bundle or an exec folder), in this life or a former."""

    def is_alive(self, folder: Path, running: Running) -> bool:
        """Is the monitor that was started in `folder` still there?"""

    async def connect(self, folder: Path) -> AttachSocket:
        """Connect to the monitor of a bundle or an exec folder. Raises ConnectionError when it is gone."""

    def reopen_log(self, folder: Path) -> None:
        """Ask the monitor to close its log and to put an empty file in its place. Raises OSError when it is gone."""

    def resize(self, folder: Path, *, height: int, width: int) -> None:
        """Set the terminal's size, in characters."""

    def signal(self, running: Running, number: int) -> bool:
        """Send a signal to the process; False when it is gone."""

    async def pause(self, container_id: str) -> None: ...

    async def resume(self, container_id: str) -> None: ...

    async def update(self, container_id: str, bundle: Path, resources: Mapping[str, Any]) -> None:
        """Set the limits of the running container anew; `resources` as in the runtime specification, no devices."""

    async def pids(self, container_id: str) -> Sequence[int]:
        """The host's pids of all processes in the container."""

    async def delete(self, container_id: str) -> None:
        """Kill and forget the container. Idempotent."""

    def known(self) -> Sequence[str]:
        """The containers of which the runtime has any state."""
