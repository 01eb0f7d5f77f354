"""The terminal's socket: who may, on which host, in which container; then a session.

A plain ASGI application instead of one of Channels' consumer classes: those hand over one message after the other and
wait in between, so an acknowledgement would stand in line behind the input before it, and each connection would cost
a subscription on the channel layer that a terminal has no use for.
"""

import asyncio
import secrets
from typing import Any, ClassVar, Final

import structlog
from aiodocker import Docker
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext as _

from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
from dashboard.terminal.access import NEED, signed_in
from dashboard.terminal.execs import Order, Shell
from dashboard.terminal.protocol import VERSION, Close, Hello, ProtocolError, Reason
from dashboard.terminal.refusal import Refused
from dashboard.terminal.seats import Seats
from dashboard.terminal.session import Session
from dashboard.terminal.socket import GoneError, Socket

log = structlog.get_logger(__name__)

HELLO_SECONDS: Final = 10


class TerminalConsumer:
    """Serves `ws/hosts/<host>/containers/<container>/terminal/`. One instance serves all connections."""

    need: ClassVar = NEED

    def __init__(self, seats: Seats | None = None) -> None:
        self._seats = seats or Seats()

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
            # Logged as well: it may have come when the browser was gone, and left a shell that was not hung up.
            log.warning("engine failed a terminal", path=scope["path"], error=failure.message)
            await socket.close(Close(Reason.ENGINE, failure.message))
        except GoneError:
            pass  # there was no shell yet
        except Exception:  # the browser must learn that this end failed, whatever it was; the trace is for the log
            log.exception("terminal failed", path=scope["path"])
            await socket.close(Close(Reason.FAILED, _("The console failed; its log says why")))

    async def _serve(self, scope: Any, user: AbstractBaseUser, socket: Socket) -> None:
        hello = await _hello(socket)
        host = await _host(scope["url_route"]["kwargs"]["host"])
        order = _order(hello, scope["url_route"]["kwargs"]["container"])
        with self._seats.taken(user.pk):
            async with engine(host) as docker:
                await self._attend(docker, order, scope, socket)
        log.info("terminal closed", user=str(user), host=host.name, container=order.container, session=order.session)

    async def _attend(self, docker: Docker, order: Order, scope: Any, socket: Socket) -> None:
        shell = await Shell.open(docker, order)
        try:
            session = Session(socket, shell, check=lambda: signed_in(scope))
            # Told before the shell is seen off: that can take seconds.
            await socket.close(await session.run(order.session, shell.path))
        finally:
            await shell.close()


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
    if frame.session:
        raise Refused(Reason.UNKNOWN_SESSION, _("This terminal has ended; open a new one"))
    return frame


def _order(hello: Hello, container: str) -> Order:
    return Order(
        container=container,
        session=secrets.token_hex(16),
        rows=hello.rows,
        columns=hello.columns,
        shell=hello.shell,
        user=hello.user,
        workdir=hello.workdir,
    )


async def _host(name: str) -> Host:
    try:
        return await Host.objects.aget(name=name)
    except Host.DoesNotExist as error:
        raise Refused(Reason.NOT_FOUND, _("No such host: %s") % name) from error
