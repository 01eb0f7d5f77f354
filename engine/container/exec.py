"""Exec sessions: further processes in a running container."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from engine import tasks
from engine.container import capabilities, spec, user
from engine.container.container import Container
from engine.container.control import check_not_restarting
from engine.container.exec_client import AttachedExec, FailedSession
from engine.container.exec_session import Exec, ExecRequest, check
from engine.container.lasting import LOG_POLICY, LastingClient, LastingSession, Process
from engine.container.lifecycle import Parts
from engine.container.logs.files import LogFiles
from engine.container.logs.rotation import Rotation, WatchedLog
from engine.container.service import Containers
from engine.container.state import Status
from engine.container.streams import Session, Stream
from engine.container.typed import Typed
from engine.errors import Conflict, InvalidParameter, NotFound
from engine.execdriver.driver import Running, StartFailed, Stdio
from engine.ids import random_id
from engine.linux import tty
from engine.store import atomic_write

#: A session that has ended can be inspected this long (seconds), as in Docker.
_KEPT_S: Final = 300


@dataclass(frozen=True)
class Note:
    """What a later engine must know of a lasting session: written into its folder when it runs."""

    request: ExecRequest
    running: Running


class Execs:
    """All exec sessions; their processes end with their container. Lasting ones are found again by a later engine."""

    def __init__(self, parts: Parts, containers: Containers) -> None:
        self._parts = parts
        self._containers = containers
        self._execs: dict[str, Exec] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._rotation = Rotation()

    async def restore(self) -> None:
        """Find the lasting sessions that a former engine had started, and remove the logs of those that are gone."""
        for container in self._containers:
            notes = self._containers.files.bundle(container.id).glob("exec/*/session.json")
            for note in notes if container.status.has_process else ():
                with contextlib.suppress(OSError, msgspec.MsgspecError):
                    await self._adopt(container, note)
            for log in self._containers.files.folder(container.id).glob("exec/*"):
                if log.name not in self._execs:
                    shutil.rmtree(log, ignore_errors=True)

    async def create(self, container_ref: str, request: ExecRequest) -> str:
        """Note what shall run; returns the exec's ID. Raises Conflict when the container does not run."""
        container = self._containers.find(container_ref)
        _check_runs(container)
        check(request)
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

    async def attach(self, exec_id: str, position: int, *, tail: int | None = None, source: str = "") -> LastingClient:
        """Come back to a lasting session, for its output from byte `position` on, or for its last `tail` bytes.

        Raises Conflict when it is none or was not started, InvalidParameter for a byte that is not there yet.
        """
        session = self.find(exec_id)
        if session.request.grace_seconds is None:
            raise Conflict(f"exec {exec_id} was not created to be attached again")
        if session.lasting is None:
            raise Conflict(f"exec {exec_id} is not running")
        return await session.lasting.join(position, tail=tail, source=source)

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
            **({} if request.grace_seconds is None else {"Portside": _inspect_lasting(session)}),
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
        await self._rotation.close()
        for session in self._execs.values():
            if session.lasting is not None:
                await session.lasting.close()
        await tasks.cancel_all(self._tasks)

    async def _run(self, session: Exec, *, detach: bool, size: tuple[int, int] | None) -> Session | None:
        request, execution = session.request, self._parts.execution
        folder = self._folder(session)
        folder.mkdir(parents=True, mode=0o700)
        process = await self._process(session, size or request.console_size)
        stdio = Stdio(tty=request.tty, stdin=request.attach_stdin, stdin_once=True)
        identifier = session.container.id
        attached: Session | None
        if request.grace_seconds is not None:
            attached = await self._run_lasting(session, process, stdio, detach=detach)
        elif detach:
            session.running = await execution.exec(identifier, folder, process, stdio=stdio)
            attached = None
        else:
            session.running, socket = await execution.exec_attached(identifier, folder, process, stdio=stdio)
            attached = AttachedExec(session, socket, execution)
        assert session.running is not None  # noqa: S101 -- for mypy: all three have set it
        tasks.spawn(self._watch(session, session.running), name=f"watch exec {session.id}", owner=self._tasks)
        return attached

    async def _run_lasting(
        self, session: Exec, process: Mapping[str, Any], stdio: Stdio, *, detach: bool
    ) -> Session | None:
        folder, log = self._folder(session), self._log(session)
        log.parent.mkdir(parents=True, mode=0o700)
        # Input stays open for the clients to come.
        stdio = replace(stdio, stdin_once=False)
        try:
            session.running, socket = await self._parts.execution.exec_attached(
                session.container.id, folder, process, stdio=stdio, log=log
            )
        except BaseException:
            shutil.rmtree(log.parent, ignore_errors=True)
            raise
        atomic_write(folder / "session.json", msgspec.json.encode(Note(session.request, session.running)))
        lasting = self._last(session)
        lasting.hold(socket)
        if not detach:
            return await lasting.join(0)
        lasting.leave()
        return None

    def _last(self, session: Exec) -> LastingSession:
        request, folder, log = session.request, self._folder(session), LogFiles(self._log(session))
        asked = {Stream.STDOUT: request.attach_stdout, Stream.STDERR: request.attach_stderr}
        process = Process(
            tty=request.tty,
            takes_input=request.attach_stdin,
            streams=frozenset(stream for stream, on in asked.items() if on),
            log=log,
            typed=Typed(folder / "typed"),
            ended=session.ended,
            send_signal=lambda number: session.running and self._parts.execution.signal(session.running, number),
            set_flow=lambda flows: request.tty and session.running and tty.set_output(session.running.pid, flows=flows),
        )
        session.lasting = LastingSession(process, request.grace_seconds or 0)
        reopen = partial(self._parts.execution.reopen_log, folder)
        self._rotation.watch(session.id, WatchedLog(log, LOG_POLICY, reopen))
        return session.lasting

    async def _adopt(self, container: Container, note_path: Path) -> None:
        note = msgspec.json.decode(note_path.read_bytes(), type=Note)
        session = Exec(note_path.parent.name, container, note.request, running=note.running, started=True)
        self._execs[session.id] = session
        container.exec_ids.append(session.id)
        lasting = self._last(session)
        if self._parts.execution.is_alive(note_path.parent, note.running):
            socket = await self._parts.execution.connect(note_path.parent)
            lasting.hold(socket, written=await asyncio.to_thread(lasting.process.log.end))
        lasting.leave()
        tasks.spawn(self._watch(session, note.running), name=f"watch exec {session.id}", owner=self._tasks)

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
        if session.lasting is not None:
            self._rotation.unwatch(session.id)
            await asyncio.sleep(_KEPT_S)  # what is left of its output can still be read, also by way of a later engine
            shutil.rmtree(self._log(session).parent, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, session: Exec) -> Path:
        return self._containers.files.exec_folder(session.container.id, session.id)

    def _log(self, session: Exec) -> Path:
        return self._containers.files.folder(session.container.id) / "exec" / session.id / "output.log"

    def _announce(self, action: str, session: Exec, **more: str) -> None:
        attributes = session.container.attributes(execID=session.id, **more)
        self._parts.events.publish("container", action, session.container.id, attributes)

    def _forget_old(self) -> None:
        horizon = time.monotonic() - _KEPT_S
        for session in [each for each in self._execs.values() if each.ended.is_set() and each.ended_at < horizon]:
            self.forget(session.id)


def _inspect_lasting(session: Exec) -> dict[str, Any]:
    clients = session.lasting.clients if session.lasting is not None else 0
    return {"Reattach": True, "GraceSeconds": session.request.grace_seconds, "Clients": clients}


def _check_runs(container: Container) -> None:
    if container.status is Status.PAUSED:
        raise Conflict(f"Container {container.name} is paused, unpause the container before exec")
    check_not_restarting(container)
    if container.status is not Status.RUNNING:
        raise Conflict(f"container {container.id} is not running")
