"""Published TCP ports at ::1, the host's own IPv6 loopback: the engine itself passes on what comes there.

Packets of the host to ::1 can be sent on to a container, but not answered: the kernel drops what comes to ::1 from a
bridge where bridges are filtered (br_netfilter), and routes it nowhere elsewhere. (IPv4 has a setting for that,
`route_localnet`.) What is sent to any other of the host's addresses needs no relay. While the engine is away such
connections wait, and 127.0.0.1 answers.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, ExitStack
from typing import Any, Final

import structlog

from engine import tasks
from engine.linux.inet import ANY, IPAddress
from engine.networkdriver.driver import PublishedPort

log = structlog.get_logger(__name__)

_LOOPBACK: Final = "::1"
_PIECE: Final = 1 << 16

#: Where a container is now; None while it is nowhere.
Where = Callable[[], IPAddress | None]


class Relays:
    """The relays of all containers. Each has the socket that holds the port, duplicated."""

    def __init__(self) -> None:
        self._open: dict[str, list[_Relay]] = {}

    async def open(self, owner: str, held: Iterable[tuple[PublishedPort, socket.socket | None]], where: Where) -> None:
        """Relay those of the ports that need it; in the place of what was relayed for `owner` before."""
        await self.close(owner)
        for port, holder in held:
            if holder is not None and is_relayed(port):
                relay = _Relay(port.container_port, where)
                self._open.setdefault(owner, []).append(relay)
                await relay.start(holder.dup())

    async def close(self, owner: str) -> None:
        """Idempotent; connections that are open end."""
        async with AsyncExitStack() as undo:
            for relay in self._open.pop(owner, ()):
                undo.push_async_callback(relay.stop)

    async def shutdown(self) -> None:
        for owner in tuple(self._open):
            await self.close(owner)


def is_relayed(port: PublishedPort) -> bool:
    return port.protocol == "tcp" and port.host_ip in {ANY[6], _LOOPBACK}


class _Relay:
    """One published port."""

    def __init__(self, container_port: int, where: Where) -> None:
        self._container_port = container_port
        self._where = where
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket) -> None:
        listener.setblocking(False)
        self._server = await asyncio.start_server(self._take, sock=listener, limit=_PIECE)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        await tasks.cancel_all(self._tasks)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.spawn(self._relay(reader, writer), name=f"relay to port {self._container_port}", owner=self._tasks)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with ExitStack() as undo:
            undo.callback(writer.close)
            address = self._where()
            if address is None:
                return
            try:
                inner, outer = await asyncio.open_connection(str(address), self._container_port, limit=_PIECE)
                undo.callback(outer.close)
                async with asyncio.TaskGroup() as both:
                    both.create_task(_copy(reader, outer))
                    both.create_task(_copy(inner, writer))
            except* OSError as gone:
                log.debug("a relayed connection ended", port=self._container_port, reason=str(gone.exceptions[0]))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction, to its end, which is passed on: the other may go on."""
    while piece := await reader.read(_PIECE):
        writer.write(piece)
        await writer.drain()
    writer.write_eof()
