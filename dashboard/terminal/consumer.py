"""The terminal's socket: who may, on which host, in which container; then a session.

A plain ASGI application instead of one of Channels' consumer classes: those hand over one message after the other and
wait in between, so an acknowledgement would stand in line behind the input before it.
"""

import asyncio
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec
import structlog
from aiodocker import Docker
from asgiref.sync import sync_to_async
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable
from django.utils.translation import gettext as _

from dashboard.accounts.models import User
from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
from dashboard.terminal import record, rows
from dashboard.terminal.access import NEED, Looks, Pass, pass_for, permitted, signed_in
from dashboard.terminal.ending import end
from dashboard.terminal.entering import enter
from dashboard.terminal.flow import INPUT_WINDOW, OUTPUT_WINDOW
from dashboard.terminal.models import Terminal
from dashboard.terminal.opening import Asked, open_terminal
from dashboard.terminal.protocol import VERSION, Close, Hello, ProtocolError, Ready, Reason, Resize
from dashboard.terminal.refusal import Refused
from dashboard.terminal.room import Company, Room
from dashboard.terminal.session import Session, Times
from dashboard.terminal.session import Terminal as Shell
from dashboard.terminal.socket import GoneError, Socket

log = structlog.get_logger(__name__)

HELLO_SECONDS: Final = 10
#: After these the terminal is ended: its user said so, or may not have it any more.
_FINAL: Final = frozenset({Reason.HANG_UP, Reason.SIGNED_OUT, Reason.FORBIDDEN})


@dataclass(frozen=True)
class Visit:
    """One connection: who comes to which terminal, as what."""

    user: User
    terminal: Terminal
    host: Host
    hello: Hello
    may: Pass

    @property
    def source(self) -> str:
        """The name under which the engine counts what comes from this browser."""
        return f"{self.user.pk}-{self.hello.client}"

    def ready(self, shell: Shell) -> Ready:
        row = self.terminal
        return Ready(
            version=VERSION, session=row.pk, shell=row.command, shells=tuple(row.shells), title=row.title,
            input=shell.start.input, output=shell.start.output, end=shell.start.end,
            input_window=INPUT_WINDOW, output_window=OUTPUT_WINDOW,
            lasts=row.lasts, types=self.may.types, owns=self.may.owns,
        )  # fmt: skip


class TerminalConsumer:
    """Serves `ws/hosts/<host>/containers/<container>/terminal/`. One instance serves all connections."""

    need: ClassVar = NEED

    def __init__(self, times: Times | None = None) -> None:
        self._times = times or Times()
        self._looks = Looks(self._times.check)

    async def __call__(self, scope: Any, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        socket = Socket(receive, send)
        try:
            await receive()  # the handshake, which holds no more than the scope does
            user = await signed_in(scope)
            await socket.accept()
            await self._serve(scope, user, socket)
        except Refused as refused:
            await socket.close(refused.close)
        except ProtocolError as error:
            await socket.close(Close(Reason.MALFORMED, str(error)))
        except EngineFailure as failure:
            log.warning("engine failed a terminal", path=scope["path"], error=failure.message)
            await socket.close(Close(Reason.ENGINE, failure.message))
        except GoneError:
            pass  # there was no shell yet
        except Exception:  # the browser must learn that this end failed, whatever it was; the trace is for the log
            log.exception("terminal failed", path=scope["path"])
            await socket.close(Close(Reason.FAILED, _("The console failed; its log says why")))

    async def _serve(self, scope: Any, user: User, socket: Socket) -> None:
        hello = await _hello(socket)
        parts = scope["url_route"]["kwargs"]
        host = await _host(parts["host"])
        container = await permitted(user, host.name, parts["container"])
        async with engine(host) as docker:
            asked = Asked(user, str(scope["session"].session_key), host, container, hello)
            terminal = await (_found(asked) if hello.session else open_terminal(docker, asked))
            may = await pass_for(user, terminal, hello.ticket)
            if not hello.session or terminal.owner_id != user.pk:
                action = record.JOIN if hello.session else record.OPEN
                await record.tell(action, str(user), terminal, address=_address(scope), types=may.types)
            await _note_login(terminal, asked)
            await self._attend(docker, Visit(user, terminal, host, hello, may), scope, socket)

    async def _attend(self, docker: Docker, visit: Visit, scope: Any, socket: Socket) -> None:
        row, hello = visit.terminal, visit.hello
        company = Company(
            secrets.token_hex(8), str(visit.user), visit.may.types, hello.rows, hello.columns, records=row.is_recorded
        )

        async def check() -> None:
            await self._looks.look(scope, visit.host.name, row.container)
            if not visit.may.owns:
                await row.arefresh_from_db(fields=["share_epoch"])
                await pass_for(visit.user, row, hello.ticket)

        async with AsyncExitStack() as stack:
            shell = await enter(docker, row, hello, visit.source, stack)
            room = Room(row.group, company)
            stack.push_async_callback(room.leave)
            size = Resize(hello.rows, hello.columns)
            session = Session(socket, shell, room, size, check=check, times=self._times)
            close = await session.run(visit.ready(shell))
            if close.reason is Reason.ENDED:
                close = await _or_refusal(scope, close)
            # Told before the shell is seen off: that can take seconds.
            await socket.close(close)
        await _leave(visit, session, close)


async def _or_refusal(scope: Any, close: Close) -> Close:
    """Why a shell ended that was ended for its user's sign-out, which can come before this connection's own look."""
    try:
        await signed_in(scope)
    except Refused as refused:
        return refused.close
    return close


async def _leave(visit: Visit, session: Session, close: Close) -> None:
    row = visit.terminal
    await sync_to_async(rows.saw)(row, output=session.output, typed=session.typed)
    log.info(
        "terminal left", user=str(visit.user), host=visit.host.name, container=row.container, session=row.pk,
        reason=close.reason.name,
    )  # fmt: skip
    if close.reason is Reason.ENDED:
        await rows.afinish(row, close)
    elif close.reason in _FINAL and visit.may.owns and row.owner_id == visit.user.pk:
        await end(row, close.text)


async def _hello(socket: Socket) -> Hello:
    """The first frame; raises Refused and ProtocolError when it is not one that can be served."""
    try:
        async with asyncio.timeout(HELLO_SECONDS):
            frame = await socket.receive()
    except TimeoutError as error:
        raise Refused(Reason.SILENT, _("No HELLO came within %d seconds") % HELLO_SECONDS) from error
    if not isinstance(frame, Hello):
        raise ProtocolError(f"the first frame is HELLO, not {frame.opcode.name}")
    if frame.version != VERSION:
        raise ProtocolError(f"HELLO asks for version {frame.version}; version {VERSION} is spoken here")
    # One who gives no name is not going to come back.
    return frame if frame.client else msgspec.structs.replace(frame, client=secrets.token_hex(8))


async def _host(name: str) -> Host:
    try:
        return await Host.objects.aget(name=name)
    except Host.DoesNotExist as error:
        raise Refused(Reason.NOT_FOUND, _("No such host: %s") % name) from error


def _address(scope: Any) -> str:
    peer = scope.get("client")
    return str(peer[0]) if peer else ""


async def _found(asked: Asked) -> Terminal:
    """The terminal to take up again; its container must be one that the user was let to."""
    terminal = await sync_to_async(rows.find)(asked.hello.session)
    if terminal.host_id != asked.host.pk:
        raise Refused(Reason.UNKNOWN_SESSION, _("There is no such terminal on host %s") % asked.host.name)
    await permitted(asked.user, asked.host.name, terminal.container)
    return terminal


async def _note_login(terminal: Terminal, asked: Asked) -> None:
    """It ends with the sign-in that its owner used it from last."""
    if terminal.owner_id == asked.user.pk and terminal.login != asked.login:
        terminal.login = asked.login
        await terminal.asave(update_fields=["login"])
