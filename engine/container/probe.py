"""Running a health check's command: an exec session whose client is the engine."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine import tasks
from engine.container.container import Container
from engine.container.exec import Execs
from engine.container.exec_client import FailedSession
from engine.container.exec_session import Exec, ExecRequest
from engine.container.files import Files
from engine.container.health import OUTPUT_LIMIT, Check, ProbeResult
from engine.errors import EngineError
from engine.execdriver.driver import ExecDriver, Running
from engine.linux import processes
from engine.store import atomic_write

#: Seconds in which a killed probe must be gone; the next one is due whether it is or not.
_KILL_PATIENCE_S: Final = 5
#: The exit code of a probe that was not run to its end, as Docker writes it.
_NOT_RUN: Final = -1


class _Output:
    """The first bytes of what a probe writes."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._is_cut = False

    def add(self, data: bytes) -> None:
        room = OUTPUT_LIMIT - len(self._kept)
        self._kept += data[:room]
        self._is_cut = self._is_cut or len(data) > room

    @property
    def text(self) -> str:
        return self._kept.decode(errors="replace") + ("...\n" if self._is_cut else "")


class ExecProber:
    """See `Prober`. What runs is noted in the bundle, for an engine that comes after this one."""

    def __init__(self, execs: Execs, execution: ExecDriver, files: Files) -> None:
        self._execs = execs
        self._execution = execution
        self._files = files
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, container: Container, check: Check) -> ProbeResult:
        begun, output = time.time_ns(), _Output()
        try:
            exit_code = await self._run(container, check, output)
            text = output.text.strip() if exit_code == _NOT_RUN else output.text
        except TimeoutError:
            exit_code = _NOT_RUN
            text = ": ".join(part for part in (_timeout_text(check.timeout), output.text) if part)
        except EngineError as error:
            exit_code, text = _NOT_RUN, error.message
        return ProbeResult(start=begun, end=time.time_ns(), exit_code=exit_code, output=text)

    def sweep(self, container: Container) -> None:
        note = self._note(container)
        with contextlib.suppress(FileNotFoundError):
            self._kill(self._noted(container, note.read_text()))
        note.unlink(missing_ok=True)

    def _noted(self, container: Container, exec_id: str) -> Running | None:
        """The probe's process: its monitor has written its number down, and its cgroup proves that it is still it."""
        try:
            pid = int((self._files.exec_folder(container.id, exec_id) / "pid").read_text())
            groups = Path(f"/proc/{pid}/cgroup").read_text()
        except (OSError, ValueError):
            return None
        return Running(pid, 0, processes.birth_of(pid)) if container.id in groups else None

    async def _run(self, container: Container, check: Check, output: _Output) -> int:
        """The exit code. The session has a task of its own, which can be waited for after a kill."""
        request = ExecRequest(argv=check.argv, attach_stdout=True, attach_stderr=True)
        exec_ = self._execs.find(await self._execs.create(container.id, request))
        overdue = asyncio.Event()
        session = self._session(exec_, output, overdue)
        task = tasks.spawn(session, name=f"probe {exec_.id}", owner=self._tasks)
        done: set[asyncio.Task[int]] = set()
        try:
            done, _ = await asyncio.wait({task}, timeout=check.timeout)
        finally:
            if not done:
                overdue.set()
                self._kill(exec_.running)
        if not done:
            await asyncio.wait({task}, timeout=_KILL_PATIENCE_S)
            raise TimeoutError
        return await task

    async def _session(self, exec_: Exec, output: _Output, overdue: asyncio.Event) -> int:
        note = self._note(exec_.container)
        atomic_write(note, exec_.id.encode())  # before there is a process to be forgotten
        try:
            stream = await self._execs.start(exec_.id)
            if stream is None:
                raise RuntimeError(f"probe {exec_.id} was started without its streams")
            if overdue.is_set():  # before it had begun
                self._kill(exec_.running)
            async for chunk in stream:
                output.add(chunk.data)
            return _NOT_RUN if isinstance(stream, FailedSession) else exec_.exit_code or 0
        except EngineError as error:
            output.add(error.message.encode())
            return _NOT_RUN
        finally:
            self._execs.forget(exec_.id)
            note.unlink(missing_ok=True)

    def _kill(self, running: Running | None) -> None:
        """With all that it has started: a shell's child would hold on to its output, and go on."""
        if running is None:
            return
        below = _with_births(processes.descendants(running.pid) if processes.birth_of(running.pid) else ())
        for each in (running, *below):
            self._execution.signal(each, signal.SIGKILL)

    def _note(self, container: Container) -> Path:
        return self._files.bundle(container.id) / "probe"


def _with_births(pids: Sequence[int]) -> list[Running]:
    return [Running(pid, 0, processes.birth_of(pid)) for pid in pids]


def _timeout_text(seconds: float) -> str:
    """The time as Go writes it: `500ms`, `1.5s`, `2m0s`."""
    minutes, rest = divmod(seconds, 60)
    text = f"{minutes:g}m{rest:g}s" if minutes else f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"
    return f"Health check exceeded timeout ({text})"
