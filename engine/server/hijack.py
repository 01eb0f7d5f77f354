"""Sessions on hijacked connections: `attach` and `exec start`.

The client asks for `Upgrade: tcp` and gets `101 UPGRADED` (or asks for nothing and gets `200 OK`, as before API 1.21);
from there on the connection carries the process's input and output. With a terminal the bytes are as they are, without
one the output is framed (`engine.server.stdcopy`). Either side may close its half: a client that has no more input
still reads the output.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web

from engine import tasks
from engine.container.streams import Chunk, Session
from engine.server import peer, stdcopy
from engine.server.connection import Connection
from engine.server.detach import Detector
from engine.server.headers import COMMON
from engine.server.lasting import lasting
from engine.server.version import ApiVersion, api_version

RAW: Final = "application/vnd.docker.raw-stream"
MULTIPLEXED: Final = "application/vnd.docker.multiplexed-stream"
_SAYS_MULTIPLEXED: Final = ApiVersion(1, 42)
_BLOCK: Final = 1 << 16
#: Bytes of output in the engine's hands for one client; beyond, its process waits.
_WRITE_LIMIT: Final = 1 << 18
#: Seconds that a client has, after the last byte of output, to close its side.
_LINGER_S: Final = 10.0


def stream_type(request: web.Request, *, tty: bool) -> str:
    """The media type of a container's output; the multiplexed one has a name of its own since API 1.42."""
    return RAW if tty or api_version(request) < _SAYS_MULTIPLEXED else MULTIPLEXED


Encode = Callable[[Chunk], bytes]


async def hijack(
    request: web.Request,
    session: Session,
    *,
    detach_keys: bytes,
    media_type: str | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
    encode: Encode | None = None,
) -> web.StreamResponse:
    """Give the request's connection to `session`; returns when either has ended.

    The session is closed here, whatever happens, and left alone (`detach`) when the client typed the detach keys or
    the engine goes down. `media_type`, `headers` and `encode` are for output that is framed in a way of its own.
    """
    with lasting(request, client_ends_it=False):
        try:
            reader, writer = Connection.of(request).take_over()
        except ConnectionResetError:
            await session.close()
            raise
        writer.transport.set_write_buffer_limits(high=_WRITE_LIMIT)
        writer.write(_head(request, media_type or stream_type(request, tty=session.tty), headers))
        encode = encode or (_as_it_is if session.tty else stdcopy.encode)
        await _Conversation(session, reader, writer, detach_keys, encode).run()
    return _TakenOver()


def _as_it_is(chunk: Chunk) -> bytes:
    return chunk.data


def _head(request: web.Request, media_type: str, more: Mapping[str, str]) -> bytes:
    """The answer's head, written by hand: after it comes no body that HTTP knows of."""
    if "Upgrade" in request.headers:
        headers = {"Content-Type": media_type, "Connection": "Upgrade", "Upgrade": "tcp"}
        status = "101 UPGRADED"
    else:
        headers = {"Content-Type": RAW}
        status = "200 OK"
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in (headers | COMMON | dict(more)).items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


class _TakenOver(web.StreamResponse):
    """Tells aiohttp that the answer has been given, and that the connection is done."""

    def __init__(self) -> None:
        super().__init__()
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> None:
        """The head is out."""

    async def write_eof(self, data: bytes = b"") -> None:
        """So is everything else."""


class _Conversation:
    """A client and a session, talking."""

    def __init__(
        self,
        session: Session,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        detach_keys: bytes,
        encode: Encode,
    ) -> None:
        self._encode = encode
        self._session = session
        self._reader = reader
        self._writer = writer
        self._detector = Detector(detach_keys) if session.tty and detach_keys else None
        self._leaves = False

    async def run(self) -> None:
        try:
            await tasks.first(self._send_output(), self._take_input())
        except asyncio.CancelledError:
            self._leaves = True
            raise
        finally:
            await (self._session.detach() if self._leaves else self._session.close())
        await self._part()

    async def _send_output(self) -> None:
        """Ends with the session, or with the client.

        Output waits until the client has read the head: docker-py reads that through a buffer which it then drops, and
        what came with it would be lost.
        """
        with contextlib.suppress(ConnectionError):
            await peer.has_read(self._writer.transport)
            async for chunk in self._session:
                self._writer.write(self._encode(chunk))
                await self._writer.drain()

    async def _take_input(self) -> None:
        """Ends when the client has gone, or wants to leave; its end of input alone is not the end."""
        with contextlib.suppress(ConnectionError):
            while data := await self._reader.read(_BLOCK):
                await self._pass_on(data)
                if self._leaves:
                    return
            await self._end_input()
            await peer.hung_up(self._writer.transport)

    async def _pass_on(self, data: bytes) -> None:
        if self._detector is not None:
            data, self._leaves = self._detector.scan(data)
        if data:
            await self._session.write(data)

    async def _end_input(self) -> None:
        if self._detector is not None and (held := self._detector.rest()):
            await self._session.write(held)
        await self._session.close_stdin()

    async def _part(self) -> None:
        """Say that there is no more output, and let the client finish.

        A socket that is closed with unread input resets the connection: the client would see an error where it
        expects the end.
        """
        with contextlib.suppress(OSError):
            self._writer.write_eof()
            async with asyncio.timeout(_LINGER_S):
                await self._writer.drain()
                while await self._reader.read(_BLOCK):
                    pass
