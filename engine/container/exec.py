"""Exec sessions: further processes in a running container."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine import tasks
from engine.container import capabilities, spec, user
from engine.container.container import Container
from engine.container.lifecycle import Parts
from engine.container.service import Containers, check_not_restarting
from engine.container.state import Status
from engine.container.streams import Chunk, Session, Stream
from engine.errors import Conflict, InvalidParameter, NotFound
from engine.execdriver.driver import AttachSocket, ExecDriver, Running, StartFailed, Stdio
from engine.ids import random_id

#: A session that has ended can be inspected this long (seconds), as in Docker.
_KEPT_S: Final = 300


@dataclass(frozen=True, kw_only=True)
class ExecRequest:
    """What to run, as `docker exec` asks; `console_size` is height and width."""

    argv: tuple[str, ...]
    tty: bool = False
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    env: tuple[str, ...] = ()
    user: str = ""
    working_dir: str = ""
    privileged: bool = False
    detach_keys: str = ""
    console_size: tuple[int, int] | None = None


@dataclass
class Exec:
    """One exec session, from its creation to five minutes after its end."""

    id: str
    container: Container
    request: ExecRequest
    running: Running | None = None
    exit_code: int | None = None
    started: bool = False
    ended_at: float = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def finish(self, exit_code: int) -> None:
        self.running, self.exit_code, self.ended_at = None, exit_code, time.monotonic()
        self.ended.set()


class Execs:
    """All exec sessions. They are known to this life of the engine; their processes end with their container."""

    def __init__(self, parts: Parts, containers: Containers) -> None:
        self._parts = parts
        self._containers = containers
        self._execs: dict[str, Exec] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def create(self, container_ref: str, request: ExecRequest) -> str:
        """Note what shall run; returns the exec's ID. Raises Conflict when the container does not run."""
        container = self._containers.find(container_ref)
        _check_runs(container)
        _check(request)
        self._forget_old()
        session = Exec(random_id(), container, request)
        self._execs[session.id] = session
        container.exec_ids.append(session.id)
        self._announce("exec_create: " + " ".join(request.argv), session)
        return session.id

    async def start(
        self, exec_id: str, *, detach: bool = False, tty: bool = False, console_size: tuple[int, int] | None = None
    ) -> Session | None:
        """Run it: the client's session, or None when detached.

        A command that can't be run is told in the session, as in Docker: its text, and 126 or 127 in `inspect`.
        Raises Conflict when it has been started before, or the container does not run.
        """
        session = self.find(exec_id)
        if session.started:
            raise Conflict(f"exec command {exec_id} has already run")
        _check_runs(session.container)
        if tty != session.request.tty and not detach:
            raise InvalidParameter(f"exec {exec_id} was created with Tty {session.request.tty}, started with {tty}")
        session.started = True
        self._announce("exec_start: " + " ".join(session.request.argv), session)
        try:
            return await asyncio.shield(self._run(session, detach=detach, size=console_size))
        except StartFailed as error:
            session.finish(error.exit_code)
            if detach:
                raise
            return FailedSession(session.request.tty, error.message)
        except BaseException:
            session.finish(128)
            raise

    async def resize(self, exec_id: str, *, height: int, width: int) -> None:
        session = self.find(exec_id)
        if session.running is None:
            raise Conflict(f"exec {exec_id} is not running")
        self._parts.execution.resize(self._folder(session), height=height, width=width)

    def inspect(self, exec_id: str) -> dict[str, Any]:
        """Docker's ExecInspectResponse."""
        session = self.find(exec_id)
        request = session.request
        return {
            "ID": session.id,
            "Running": session.running is not None,
            "ExitCode": session.exit_code,
            "ProcessConfig": {
                "tty": request.tty,
                "entrypoint": request.argv[0],
                "arguments": list(request.argv[1:]),
                "privileged": request.privileged,
                **({"user": request.user} if request.user else {}),
            },
            "OpenStdin": request.attach_stdin,
            "OpenStdout": request.attach_stdout,
            "OpenStderr": request.attach_stderr,
            "CanRemove": session.ended.is_set(),
            "ContainerID": session.container.id,
            "DetachKeys": request.detach_keys,
            "Pid": session.running.pid if session.running else 0,
        }

    def is_tty(self, exec_id: str) -> bool:
        return self.find(exec_id).request.tty

    def find(self, exec_id: str) -> Exec:
        if exec_id not in self._execs:
            raise NotFound(f"No such exec instance: {exec_id}")
        return self._execs[exec_id]

    def forget(self, exec_id: str) -> None:
        """Drop a session that nobody will ask for again."""
        if (session := self._execs.pop(exec_id, None)) is not None:
            with contextlib.suppress(ValueError):
                session.container.exec_ids.remove(exec_id)

    async def close(self) -> None:
        """Let go; the processes go on until their containers end."""
        await tasks.cancel_all(self._tasks)

    async def _run(self, session: Exec, *, detach: bool, size: tuple[int, int] | None) -> Session | None:
        request, execution = session.request, self._parts.execution
        folder = self._folder(session)
        folder.mkdir(parents=True, mode=0o700)
        process = await self._process(session, size or request.console_size)
        stdio = Stdio(tty=request.tty, stdin=request.attach_stdin, stdin_once=True)
        identifier = session.container.id
        if detach:
            session.running = await execution.exec(identifier, folder, process, stdio=stdio)
            attached = None
        else:
            session.running, socket = await execution.exec_attached(identifier, folder, process, stdio=stdio)
            attached = AttachedExec(session, socket, execution)
        tasks.spawn(self._watch(session, session.running), name=f"watch exec {session.id}", owner=self._tasks)
        return attached

    async def _process(self, session: Exec, size: tuple[int, int] | None) -> Mapping[str, Any]:
        record, request = session.container.record, session.request
        root = await self._parts.graph.mount(record.id)
        who = request.user or record.config.user
        identity = user.resolve(root, who, record.host_config.group_add or ())
        names = (
            capabilities.effective_set((), (), privileged=True)
            if request.privileged
            else spec.granted(record.host_config)
        )
        inherited = spec.environment(record, identity)
        terminal = ["TERM=xterm"] if request.tty and not any(e.startswith("TERM=") for e in inherited) else []
        process: dict[str, Any] = {
            "terminal": request.tty,
            "user": identity.to_oci(),
            "args": list(request.argv),
            "env": spec.merge_environment(inherited, terminal, request.env),
            "cwd": request.working_dir or record.config.working_dir or "/",
            "capabilities": spec.capability_sets(names, identity),
            "noNewPrivileges": spec.no_new_privileges(record.host_config),
        }
        if request.tty and size and any(size):
            process["consoleSize"] = {"height": size[0], "width": size[1]}
        return process

    async def _watch(self, session: Exec, running: Running) -> None:
        folder = self._folder(session)
        finished = await self._parts.execution.finished(folder, running)
        session.finish(finished.exit_code)
        self._announce("exec_die", session, exitCode=str(finished.exit_code))
        shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, session: Exec) -> Path:
        return self._containers.files.exec_folder(session.container.id, session.id)

    def _announce(self, action: str, session: Exec, **more: str) -> None:
        attributes = session.container.attributes(execID=session.id, **more)
        self._parts.events.publish("container", action, session.container.id, attributes)

    def _forget_old(self) -> None:
        horizon = time.monotonic() - _KEPT_S
        for session in [each for each in self._execs.values() if each.ended.is_set() and each.ended_at < horizon]:
            self.forget(session.id)


class AttachedExec:
    """The one client of an exec (see `Session`); its chunks end when the exit code is known."""

    def __init__(self, session: Exec, socket: AttachSocket, execution: ExecDriver) -> None:
        self.tty = session.request.tty
        self._session = session
        self._socket = socket
        self._execution = execution
        self._left = False

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        request = self._session.request
        wanted = {Stream.STDOUT: request.attach_stdout, Stream.STDERR: request.attach_stderr}
        while (packet := await self._socket.receive()) is not None:
            stream = Stream(packet[0])
            if wanted[stream]:
                yield Chunk(stream, packet[1])
        await self._session.ended.wait()

    async def write(self, data: bytes) -> None:
        if self._session.request.attach_stdin:
            await self._socket.send(data)

    async def close_stdin(self) -> None:
        if self._session.request.attach_stdin and not self.tty:
            self._socket.half_close()

    async def detach(self) -> None:
        if not self._left:
            self._left = True
            self._socket.close()

    async def close(self) -> None:
        """A terminal that is gone hangs up on its process (as a lost ssh does), so that no shell is left behind."""
        if not self._left and self.tty and self._session.request.attach_stdin and self._session.running:
            self._execution.signal(self._session.running, signal.SIGHUP)
        await self.detach()


class FailedSession:
    """The session of a command that could not be run: it says why, and ends."""

    def __init__(self, tty: bool, message: str) -> None:
        self.tty = tty
        self._message = message

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        yield Chunk(Stream.STDOUT, f"{self._message}\r\n".encode())

    async def write(self, data: bytes) -> None:
        """Nobody reads."""

    async def close_stdin(self) -> None:
        """Nobody reads."""

    async def detach(self) -> None:
        """Nothing to leave."""

    async def close(self) -> None:
        """Nothing to close."""


def _check_runs(container: Container) -> None:
    if container.status is Status.PAUSED:
        raise Conflict(f"Container {container.name} is paused, unpause the container before exec")
    check_not_restarting(container)
    if container.status is not Status.RUNNING:
        raise Conflict(f"container {container.id} is not running")


def _check(request: ExecRequest) -> None:
    if not request.argv:
        raise InvalidParameter("No exec command specified")
    directory = os.path.normpath(request.working_dir) if request.working_dir else "/"
    if not directory.startswith("/"):
        raise InvalidParameter(f"the working directory {request.working_dir!r} must be an absolute path")
    if directory.split("/")[1:2] == ["proc"]:
        raise InvalidParameter(f"the working directory {request.working_dir!r} lies in /proc")  # CVE-2024-21626
    for entry in request.env:
        if "\0" in entry or entry.startswith("="):
            raise InvalidParameter(f"invalid environment variable: {entry!r}")
