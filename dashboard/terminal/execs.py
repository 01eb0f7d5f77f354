"""A shell in a container: an exec of the engine with a terminal, its bytes, its size and its end."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from aiodocker import Docker
from aiodocker.exceptions import DockerError
from aiodocker.execs import Exec
from aiodocker.stream import Stream
from django.utils.translation import gettext as _

from dashboard.terminal.protocol import Close, Reason
from dashboard.terminal.refusal import Refused
from dashboard.terminal.shell import Greeting, environment, read_greeting, signal_argv, start_argv

log = structlog.get_logger(__name__)

#: How long the shell may take to come up, and how long it may take to leave after each signal.
START_SECONDS: Final = 30
LEAVE_SECONDS: Final = 3
#: With a terminal the engine takes these keys for "detach" and holds the first back until the next one comes. The
#: default's first is Ctrl-P, which everybody types; nobody types these four in a row, and hardly anybody the first.
DETACH_KEYS: Final = "ctrl-@,ctrl-^,ctrl-_,ctrl-@"
#: As a shell says it: found, but not to be run; not found.
NOT_RUNNABLE: Final = frozenset({126, 127})


@dataclass(frozen=True)
class Order:
    """Which shell is wanted where. Empty strings leave the choice to us (`shell`) and to the image."""

    container: str
    session: str
    rows: int
    columns: int
    shell: str = ""
    user: str = ""
    workdir: str = ""


@dataclass
class Shell:
    """One running shell; whoever opened it closes it."""

    order: Order
    path: str
    _docker: Docker
    _exec: Exec
    _stream: Stream
    _pid: int
    _pending: bytes = field(repr=False)

    @classmethod
    async def open(cls, docker: Docker, order: Order) -> "Shell":
        """Start a shell in `order.container` and wait until it is there.

        Raises Refused when there is none to be had (no such container, not running, no shell in its image), and
        aiodocker's DockerError for what else the engine says.
        """
        exec_ = await _create(docker, order)
        stream = exec_.start(detach=False)
        try:
            async with asyncio.timeout(START_SECONDS):
                greeting = await _greeting(exec_, stream)
        except BaseException:
            await stream.close()
            raise
        shell = cls(order, greeting.path, docker, exec_, stream, greeting.pid, greeting.rest)
        await shell.resize(order.rows, order.columns)
        return shell

    async def read(self) -> bytes:
        """The next bytes that it has written; empty at its end."""
        if self._pending:
            data, self._pending = self._pending, b""
            return data
        return await _read(self._stream)

    async def write(self, data: bytes) -> None:
        """Type `data`, waiting while the shell's end takes no more."""
        await self._stream.write_in(data)

    async def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal's size in characters. One that crosses the shell's end has no one to tell."""
        try:
            await self._exec.resize(h=rows, w=columns)
        except DockerError as error:
            log.debug("terminal not resized", exec=self._exec.id, error=str(error.message))

    async def end(self) -> Close:
        """What to tell of a stream that has ended: the shell's exit code, where the engine knows one."""
        state = await self._inspect()
        if state is None:
            return Close(Reason.ENDED, _("The container is gone"))
        if state["Running"]:
            return Close(Reason.ENGINE, _("The engine closed the stream of a shell that still runs"))
        return Close(Reason.ENDED, exit_code=state["ExitCode"])

    async def close(self) -> None:
        """Hang up as a closed terminal window does: SIGHUP to the shell, whose end sends it on to what runs in the
        foreground; SIGKILL to a shell that stays. Raises DockerError and OSError when the engine can't be asked."""
        try:
            for signal in ("HUP", "KILL"):
                if not await self._is_running():
                    return
                await self._signal(signal)
                await self._drained()
            if await self._is_running():
                log.warning(
                    "shell stays", container=self.order.container, exec=self._exec.id, session=self.order.session
                )
        finally:
            await self._stream.close()

    async def _signal(self, signal: str) -> None:
        container = self._docker.containers.container(self.order.container)
        messenger = await container.exec(signal_argv(signal, self._pid), user=self.order.user)
        await messenger.start(detach=True)

    async def _drained(self) -> None:
        """Read on until the stream ends. A job in the background can hold it open after the shell has left."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                while await _read(self._stream):
                    pass
        except TimeoutError:
            pass

    async def _is_running(self) -> bool:
        state = await self._inspect()
        return state is not None and bool(state["Running"])

    async def _inspect(self) -> dict[str, Any] | None:
        """The engine's word on the exec, None when it went with its container."""
        try:
            return await self._exec.inspect()
        except DockerError as error:
            if error.status == 404:
                return None
            raise


async def _create(docker: Docker, order: Order) -> Exec:
    container = docker.containers.container(order.container)
    try:
        return await container.exec(
            start_argv(order.shell),
            stdin=True,
            tty=True,
            user=order.user,
            workdir=order.workdir or None,
            environment=environment(order.session),
            detach_keys=DETACH_KEYS,
        )
    except DockerError as error:
        reasons = {404: Reason.NOT_FOUND, 409: Reason.NOT_RUNNING}
        if error.status in reasons:
            raise Refused(reasons[error.status], str(error.message)) from error
        raise


async def _greeting(exec_: Exec, stream: Stream) -> Greeting:
    """Read until the shell has told its number; raises Refused when the stream ends or tells something else."""
    data = b""
    try:
        while (greeting := read_greeting(data)) is None:
            more = await _read(stream)
            if not more:
                break
            data += more
    except ValueError:
        greeting = None
    if greeting is None:
        raise await _no_shell(exec_, stream, data)
    if not greeting.pid:
        text = _("No shell in this container: tried %(names)s") % {"names": greeting.path}
        raise Refused(Reason.NO_SHELL, text)
    return greeting


async def _no_shell(exec_: Exec, stream: Stream, data: bytes) -> Refused:
    """Why the exec did not come up: an engine writes its reason to the stream and leaves an exit code."""
    while len(data) < 4096 and (more := await _read(stream)):
        data += more
    said = data.decode(errors="replace").strip() or _("nothing")
    exit_code = (await exec_.inspect())["ExitCode"]
    reason = Reason.NO_SHELL if exit_code in NOT_RUNNABLE else Reason.FAILED
    text = _("No shell could be started in this container (exit code %(code)s). The engine said: %(said)s")
    return Refused(reason, text % {"code": exit_code, "said": said})


async def _read(stream: Stream) -> bytes:
    message = await stream.read_out()
    return b"" if message is None else bytes(message.data)
