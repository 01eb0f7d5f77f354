"""The execution driver of choice: an OCI runtime under conmon."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from engine.errors import Unavailable
from engine.execdriver import foreground
from engine.execdriver.attach import ConmonSocket
from engine.execdriver.command import Command
from engine.execdriver.driver import Finished, Journal, Running, Stdio
from engine.execdriver.failure import decode, failure
from engine.execdriver.pipes import Pipes
from engine.execdriver.runtimes import Runtimes
from engine.linux import processes, waiting

# conmon's control messages, each with two numbers: "window size", and "reopen logs", to which they mean nothing.
_RESIZE: Final = 1
_REOPEN_LOG: Final = 2
#: What Docker says of a container whose end nobody saw.
UNKNOWN_EXIT: Final = 255
_ABANDONED: Final = "the container's monitor ended before the container"


class ConmonDriver:
    """See `ExecDriver`."""

    def __init__(self, runtimes: Runtimes) -> None:
        self._runtimes = runtimes
        self._conmon = _program("conmon")
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def name(self) -> str:
        return self._runtimes.default

    @property
    def runtimes(self) -> Mapping[str, str]:
        return self._runtimes.programs

    async def prepare(self, cgroup: str) -> None:
        await self._runtimes.choose(cgroup)

    def check_runtime(self, name: str) -> None:
        self._runtimes.get(name)

    def answers_new_calls(self, runtime: str) -> bool:
        return self._runtimes.get(runtime).is_runc

    async def version(self) -> str:
        return await self._runtimes.get("").version()

    async def create(
        self, container_id: str, bundle: Path, *, stdio: Stdio, log: Path | Journal | None, runtime: str = ""
    ) -> Running:
        chosen = self._runtimes.get(runtime)
        chosen.prepare()
        command = Command(
            conmon=self._conmon, runtime=chosen, container_id=container_id, folder=bundle, stdio=stdio, log=log
        )
        with contextlib.ExitStack() as stack:
            pipes = Pipes.open(stack)
            monitor = self._spawn(command, pipes)
            try:
                return await self._created(command, monitor, pipes, "create")
            except BaseException:
                await self._undo_create(command, monitor)
                raise

    async def run(self, container_id: str, bundle: Path, *, stdout: int, stderr: int) -> int:
        return await foreground.run(self._runtimes.get(""), container_id, bundle, stdout=stdout, stderr=stderr)

    async def start(self, container_id: str, running: Running) -> None:
        await self._runtimes.of(container_id).start(container_id, running.pid)

    async def finish_start(self, container_id: str, running: Running) -> None:
        await self._runtimes.of(container_id).finish_start(container_id, running.pid)

    async def exec(self, container_id: str, folder: Path, process: Mapping[str, Any], *, stdio: Stdio) -> Running:
        command = self._exec_command(container_id, folder, process, stdio)
        with contextlib.ExitStack() as stack:
            pipes = Pipes.open(stack)
            return await self._created(command, self._spawn(command, pipes), pipes, "exec")

    async def exec_attached(
        self, container_id: str, folder: Path, process: Mapping[str, Any], *, stdio: Stdio, log: Path | None = None
    ) -> tuple[Running, ConmonSocket]:
        command = self._exec_command(container_id, folder, process, stdio, log=log, attached=True)
        with contextlib.ExitStack() as stack:
            pipes = Pipes.open(stack, attached=True)
            monitor = self._spawn(command, pipes)
            pipes.go_on()
            if not await pipes.is_listening():
                raise await self._failure(command, monitor, decode(await waiting.read_line(pipes.sync[0])), "exec")
            connection = await ConmonSocket.connect(folder)
            pipes.go_on()
            try:
                return await self._created(command, monitor, pipes, "exec"), connection
            except BaseException:
                connection.close()
                raise

    async def finished(self, folder: Path, running: Running) -> Finished:
        await self._monitor_end(folder, running)
        self._reap(running.monitor_pid)
        if not folder.is_dir():  # the host was started anew: whoever has its process's number now is another one
            return Finished(UNKNOWN_EXIT)
        code = _read_exit(folder)
        if code is None:
            return await self._abandoned(running)
        return Finished(code, oom_killed=(folder / "oom").exists())

    def is_alive(self, folder: Path, running: Running) -> bool:
        descriptor = self._open_monitor(folder, running)
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is not None

    async def connect(self, folder: Path) -> ConmonSocket:
        return await ConmonSocket.connect(folder)

    def resize(self, folder: Path, *, height: int, width: int) -> None:
        _control(folder, f"{_RESIZE} {height} {width}\n")

    def reopen_log(self, folder: Path) -> None:
        _control(folder, f"{_REOPEN_LOG} 0 0\n")

    def signal(self, running: Running, number: int) -> bool:
        descriptor = processes.open_born(running.pid, running.birth)
        if descriptor is None:
            return False
        try:
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    async def pause(self, container_id: str) -> None:
        await self._runtimes.of(container_id).pause(container_id)

    async def resume(self, container_id: str) -> None:
        await self._runtimes.of(container_id).resume(container_id)

    async def update(self, container_id: str, bundle: Path, resources: Mapping[str, Any]) -> None:
        file = bundle / "resources.json"
        file.write_text(json.dumps(resources))
        await self._runtimes.of(container_id).update(container_id, file)

    async def pids(self, container_id: str) -> Sequence[int]:
        return await self._runtimes.of(container_id).pids(container_id)

    async def delete(self, container_id: str) -> None:
        await self._runtimes.of(container_id).delete(container_id)

    def known(self) -> Sequence[str]:
        return [container_id for runtime in self._runtimes for container_id in runtime.known()]

    def _exec_command(
        self,
        container_id: str,
        folder: Path,
        process: Mapping[str, Any],
        stdio: Stdio,
        *,
        log: Path | None = None,
        attached: bool = False,
    ) -> Command:
        specification = folder / "process.json"
        specification.write_text(json.dumps(process))
        return Command(
            conmon=self._conmon,
            runtime=self._runtimes.of(container_id),
            container_id=container_id,
            folder=folder,
            stdio=stdio,
            log=log,
            extra=("--exec", "--exec-process-spec", str(specification), *(["--exec-attach"] if attached else [])),
        )

    def _spawn(self, command: Command, pipes: Pipes) -> subprocess.Popen[bytes]:
        """Start conmon as our child; it has a session of its own all the same."""
        (command.folder / "exit").mkdir(exist_ok=True)
        # The runtime is a Go program that lives for some 20 ms: collecting garbage is a fifth of its time.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "GOGC": "off", **pipes.environment()}
        monitor = subprocess.Popen(
            command.argv(), env=environment, pass_fds=pipes.inherited(), cwd=command.folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._children[monitor.pid] = monitor
        pipes.give_away()
        return monitor

    async def _created(self, command: Command, monitor: subprocess.Popen[bytes], pipes: Pipes, what: str) -> Running:
        answer = decode(await waiting.read_line(pipes.sync[0]))
        if answer.get("data", -1) > 0:
            return Running(answer["data"], monitor.pid, processes.birth_of(answer["data"]))
        raise await self._failure(command, monitor, answer, what)

    async def _failure(
        self, command: Command, monitor: subprocess.Popen[bytes], answer: Mapping[str, Any], what: str
    ) -> Exception:
        """Why conmon has no process to show; conmon is gone then."""
        await waiting.process_end(monitor.pid)
        self._reap(monitor.pid)
        return failure(what, command.folder, answer, monitor.returncode)

    async def _undo_create(self, command: Command, monitor: subprocess.Popen[bytes]) -> None:
        if monitor.pid in self._children:
            monitor.kill()
            self._reap(monitor.pid)
        await command.runtime.delete(command.container_id)

    async def _monitor_end(self, folder: Path, running: Running) -> None:
        descriptor = self._open_monitor(folder, running)
        if descriptor is None:
            return
        try:
            await waiting.readable(descriptor)
        finally:
            os.close(descriptor)

    def _open_monitor(self, folder: Path, running: Running) -> int | None:
        """A pidfd of the monitor that was started in `folder`, None when it has ended.

        A child of ours keeps its number until it is reaped; an adopted one is known by its arguments.
        """
        descriptor = waiting.open_pidfd(running.monitor_pid) if running.monitor_pid else None
        if descriptor is None or running.monitor_pid in self._children or _is_started_in(folder, running.monitor_pid):
            return descriptor
        os.close(descriptor)
        return None

    async def _abandoned(self, running: Running) -> Finished:
        """The monitor ended without leaving an exit code: it was killed. Its process can't go on unsupervised."""
        descriptor = processes.open_born(running.pid, running.birth)
        if descriptor is None:
            return Finished(UNKNOWN_EXIT, error=_ABANDONED)
        try:
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            await waiting.readable(descriptor)
        finally:
            os.close(descriptor)
        return Finished(128 + signal.SIGKILL, error=_ABANDONED)

    def _reap(self, pid: int) -> None:
        if (child := self._children.pop(pid, None)) is not None:
            child.wait()


def _program(name: str) -> Path:
    path = shutil.which(name)
    if path is None:
        raise Unavailable(f"{name} is not installed (no such program on PATH): the engine can't run containers")
    return Path(path)


def _control(folder: Path, message: str) -> None:
    descriptor = os.open(folder / "ctl", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.write(descriptor, message.encode())
    finally:
        os.close(descriptor)


def _is_started_in(folder: Path, pid: int) -> bool:
    try:
        return str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _read_exit(folder: Path) -> int | None:
    """The exit code that conmon left (it writes the file whole, by rename)."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        return int(next((folder / "exit").iterdir()).read_text())
    return None
