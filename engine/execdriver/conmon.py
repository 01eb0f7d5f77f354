"""The execution driver of choice: an OCI runtime under conmon.

conmon is told where to listen and write by flags, and speaks back on inherited pipes (its documented protocol, as
podman and CRI-O use it): the *sync* pipe carries one JSON line, `{"data": PID}` or `{"data": -1, "message": …}`;
for an attached exec the *attach* pipe says that the socket is there, and the *start* pipe tells conmon to go on.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.errors import Unavailable
from engine.execdriver.attach import ConmonSocket
from engine.execdriver.driver import Finished, MonitorFailed, Running, StartFailed, Stdio
from engine.execdriver.runtime import Runtime
from engine.linux import processes, waiting

_NOT_FOUND: Final = ("executable file not found", "no such file or directory")
_NOT_ALLOWED: Final = ("permission denied", "is a directory", "exec format error")
# conmon's control messages, each with two numbers: "window size", and "reopen logs", to which they mean nothing.
_RESIZE: Final = 1
_REOPEN_LOG: Final = 2


@dataclass
class _Pipes:
    """The pipes that one conmon inherits, by the environment variable that names them to it."""

    sync: tuple[int, int] = field(default_factory=os.pipe)
    extra: dict[str, tuple[int, int]] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        theirs = {"_OCI_SYNCPIPE": self.sync[1]}
        if self.extra:
            theirs |= {"_OCI_ATTACHPIPE": self.extra["attach"][1], "_OCI_STARTPIPE": self.extra["start"][0]}
        return {name: str(descriptor) for name, descriptor in theirs.items()}

    def inherited(self) -> list[int]:
        return [int(text) for text in self.environment().values()]


class ConmonDriver:
    """See `ExecDriver`."""

    def __init__(self, runtime_name: str, run: Path) -> None:
        self.name = runtime_name
        self._conmon = _program("conmon")
        self._runtime = Runtime(_program(runtime_name), run / "runtime")
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    async def version(self) -> str:
        return await self._runtime.version()

    async def create(self, container_id: str, bundle: Path, *, stdio: Stdio, log: Path | None) -> Running:
        arguments = ["--bundle", str(bundle), "--log-path", _log_path(log)]
        with contextlib.ExitStack() as stack:
            pipes = _open_pipes(stack, ())
            monitor = self._spawn(container_id, bundle, arguments, stdio=stdio, pipes=pipes)
            try:
                return await self._created(bundle, monitor, pipes, "create")
            except BaseException:
                await self._undo_create(container_id, monitor)
                raise

    async def start(self, container_id: str, running: Running) -> None:
        await self._runtime.start(container_id, running.pid)

    async def finish_start(self, container_id: str, running: Running) -> None:
        await self._runtime.finish_start(container_id, running.pid)

    async def exec(self, container_id: str, folder: Path, process: Mapping[str, Any], *, stdio: Stdio) -> Running:
        with contextlib.ExitStack() as stack:
            pipes = _open_pipes(stack, ())
            monitor = self._spawn_exec(container_id, folder, process, stdio, pipes)
            return await self._created(folder, monitor, pipes, "exec")

    async def exec_attached(
        self, container_id: str, folder: Path, process: Mapping[str, Any], *, stdio: Stdio, log: Path | None = None
    ) -> tuple[Running, ConmonSocket]:
        with contextlib.ExitStack() as stack:
            pipes = _open_pipes(stack, ("attach", "start"))
            monitor = self._spawn_exec(container_id, folder, process, stdio, pipes, log=log)
            os.write(pipes.extra["start"][1], b"\0")
            if not await waiting.read_line(pipes.extra["attach"][0]):
                raise await self._failure(folder, monitor, pipes, "exec")
            connection = await ConmonSocket.connect(folder)
            os.write(pipes.extra["start"][1], b"\0")
            try:
                return await self._created(folder, monitor, pipes, "exec"), connection
            except BaseException:
                connection.close()
                raise

    async def finished(self, folder: Path, running: Running) -> Finished:
        await self._monitor_end(folder, running)
        self._reap(running.monitor_pid)
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
        await self._runtime.pause(container_id)

    async def resume(self, container_id: str) -> None:
        await self._runtime.resume(container_id)

    async def update(self, container_id: str, bundle: Path, resources: Mapping[str, Any]) -> None:
        file = bundle / "resources.json"
        file.write_text(json.dumps(resources))
        await self._runtime.update(container_id, file)

    async def pids(self, container_id: str) -> Sequence[int]:
        return await self._runtime.pids(container_id)

    async def delete(self, container_id: str) -> None:
        await self._runtime.delete(container_id)

    def known(self) -> Sequence[str]:
        return self._runtime.known()

    def _spawn_exec(
        self,
        container_id: str,
        folder: Path,
        process: Mapping[str, Any],
        stdio: Stdio,
        pipes: _Pipes,
        *,
        log: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        specification = folder / "process.json"
        specification.write_text(json.dumps(process))
        arguments = [
            "--bundle",
            str(folder),
            "--exec",
            "--exec-process-spec",
            str(specification),
            "--log-path",
            _log_path(log),
        ]
        if pipes.extra:
            arguments.append("--exec-attach")
        return self._spawn(container_id, folder, arguments, stdio=stdio, pipes=pipes)

    def _spawn(
        self, container_id: str, folder: Path, arguments: Sequence[str], *, stdio: Stdio, pipes: _Pipes
    ) -> subprocess.Popen[bytes]:
        """Start conmon as our child (`--sync`: it does not fork away); it has a session of its own all the same."""
        (folder / "exit").mkdir(exist_ok=True)
        argv = [
            str(self._conmon), "--api-version", "1", "--sync", "--cid", container_id, "--cuuid", folder.name,
            "--name", container_id, "--runtime", str(self._runtime.program), "--full-attach",
            "--container-pidfile", str(folder / "pid"), "--exit-dir", str(folder / "exit"),
            "--socket-dir-path", str(folder), "--log-level", "error",
            *_runtime_arguments(self._runtime.root, folder), *arguments, *_stdio_arguments(stdio),
        ]  # fmt: skip
        # The runtime is a Go program that lives for some 20 ms: collecting garbage is a fifth of its time.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "GOGC": "off", **pipes.environment()}
        monitor = subprocess.Popen(
            argv, env=environment, pass_fds=pipes.inherited(), cwd=folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._children[monitor.pid] = monitor
        for descriptor in pipes.inherited():
            os.close(descriptor)
        return monitor

    async def _created(self, folder: Path, monitor: subprocess.Popen[bytes], pipes: _Pipes, what: str) -> Running:
        answer = _decode(await waiting.read_line(pipes.sync[0]))
        if answer.get("data", -1) > 0:
            return Running(answer["data"], monitor.pid, processes.birth_of(answer["data"]))
        raise await self._failure(folder, monitor, pipes, what, answer)

    async def _failure(
        self,
        folder: Path,
        monitor: subprocess.Popen[bytes],
        pipes: _Pipes,
        what: str,
        answer: Mapping[str, Any] | None = None,
    ) -> Exception:
        """Why conmon has no process to show, from what it said or from what the runtime logged; conmon is gone then."""
        if answer is None:
            answer = _decode(await waiting.read_line(pipes.sync[0]))
        await waiting.process_end(monitor.pid)
        self._reap(monitor.pid)
        message = _runtime_error(folder / "oci.log") or str(answer.get("message", "")).strip()
        if not message:
            return MonitorFailed(f"conmon ended with {monitor.returncode} and no word of why ({what}, {folder.name})")
        prefix = "failed to create task for container: failed to create shim task: " if what == "create" else ""
        return StartFailed(f"{prefix}OCI runtime {what} failed: {message}: unknown", _exit_code_of(message))

    async def _undo_create(self, container_id: str, monitor: subprocess.Popen[bytes]) -> None:
        if monitor.pid in self._children:
            monitor.kill()
            self._reap(monitor.pid)
        await self._runtime.delete(container_id)

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
        if descriptor is not None:
            try:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                await waiting.readable(descriptor)
            finally:
                os.close(descriptor)
        return Finished(128 + signal.SIGKILL, error="the container's monitor ended before the container")

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


def _log_path(log: Path | None) -> str:
    return "none:" if log is None else f"k8s-file:{log}"


def _is_started_in(folder: Path, pid: int) -> bool:
    try:
        return str(folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _open_pipes(stack: contextlib.ExitStack, extra: Sequence[str]) -> _Pipes:
    """Pipes whose ends on our side close with `stack`; the others are closed once conmon has them."""
    pipes = _Pipes(extra={name: os.pipe() for name in extra})
    ours = [pipes.sync[0], *(pipe[1 if name == "start" else 0] for name, pipe in pipes.extra.items())]
    for descriptor in ours:
        os.set_blocking(descriptor, False)
        stack.callback(os.close, descriptor)
    return pipes


def _runtime_arguments(root: Path, folder: Path) -> list[str]:
    arguments = [f"--root={root}", f"--log={folder / 'oci.log'}", "--log-format=json"]
    return [item for argument in arguments for item in ("--runtime-arg", argument)]


def _stdio_arguments(stdio: Stdio) -> list[str]:
    arguments = ["--terminal"] if stdio.tty else []
    if stdio.stdin:
        arguments.append("--stdin")
        if stdio.tty or not stdio.stdin_once:
            arguments.append("--leave-stdin-open")
    return arguments


def _decode(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _runtime_error(log: Path) -> str:
    """The last error in the runtime's log (a JSON object a line)."""
    with contextlib.suppress(OSError):
        for line in reversed(log.read_bytes().splitlines()):
            entry = _decode(line)
            if entry.get("level") == "error":
                return str(entry.get("msg", ""))
    return ""


def _exit_code_of(message: str) -> int:
    text = message.lower()
    if any(part in text for part in _NOT_FOUND):
        return 127
    return 126 if any(part in text for part in _NOT_ALLOWED) else 128


def _read_exit(folder: Path) -> int | None:
    """The exit code that conmon left (it writes the file whole, by rename)."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        return int(next((folder / "exit").iterdir()).read_text())
    return None
