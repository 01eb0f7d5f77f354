"""One client's connection: aiohttp's HTTP protocol, and two things that the Engine API needs beside it.

After `POST /containers/{id}/attach` and `POST /exec/{id}/start` the connection is no longer HTTP's. A client may send
the first bytes of its input right behind the request, before it has seen the answer; aiohttp would take them for its
next request. So what follows such a request is kept here until the session takes the connection (`take_over`), or, when
the answer is an ordinary one, handed on as HTTP after all.

A request that lasts (events, logs, wait) is to end when its client has gone, and not at the next write, which may
never come (`end_with`).
"""

import asyncio
import re
from typing import Any, Final

import structlog
from aiohttp import web

from engine.server.errors import error_response
from engine.server.headers import COMMON

log = structlog.get_logger(__name__)

_TAKES_OVER: Final = re.compile(rb"POST (?:/v[0-9.]+)?/(?:containers/[^/? ]+/attach|exec/[^/? ]+/(?:start|attach))[? ]")
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
#: Bytes kept for a session that is not there yet; the client waits beyond that.
_EARLY_LIMIT: Final = 1 << 16


class Connection(web.RequestHandler):
    """See the module; `server` and options are those of aiohttp's `RequestHandler`."""

    __slots__ = ("_busy", "_early", "_early_eof", "_lasting", "_still_http")

    def __init__(self, server: web.Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._busy = False  # a request has come that is not answered yet
        self._still_http = 0  # bytes of the request that takes over which are still to come
        self._early: bytearray | None = None  # what came behind it; None when there is no such request
        self._early_eof = False
        self._lasting: asyncio.Task[Any] | None = None

    @classmethod
    def of(cls, request: web.Request) -> "Connection":
        """The connection of a request."""
        if not isinstance(request.protocol, cls):
            raise TypeError(f"the request came over a {type(request.protocol).__name__}, not through the listener")
        return request.protocol

    def data_received(self, data: bytes) -> None:
        if self._early is None and not self._busy:
            self._still_http = self._length_before_takeover(data)
            self._early = bytearray() if self._still_http else None
        self._busy = True
        if self._early is None:
            super().data_received(data)
            return
        http, early = data[: self._still_http], data[self._still_http :]
        self._still_http -= len(http)
        if http:
            super().data_received(http)
        self._keep(early)

    def eof_received(self) -> bool | None:  # type: ignore[override]  # asyncio's own signature, which aiohttp narrows
        """Before a session, the client's end of input is no end of the connection; for HTTP it is."""
        if self._early is None:
            super().eof_received()
            return None
        self._early_eof = True
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._lasting is not None:
            self._lasting.cancel()
        super().connection_lost(exc)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to what is no HTTP, or failed outside of any handler; the connection ends with it."""
        if status == 500:
            log.error("answering failed", error=str(exc), exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is on its way already: it can only be cut off")
        response = error_response(status, message or "the engine failed unexpectedly; its log says more")
        response.headers.update(COMMON)
        response.force_close()
        return response

    def end_with(self, task: asyncio.Task[Any] | None) -> None:
        """Cancel `task` when the client goes; None: not any more."""
        self._lasting = task

    def take_over(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Give the connection away: HTTP is over on it. Raises ConnectionResetError when the client has gone."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has gone before its session began")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_EARLY_LIMIT, loop=loop)
        protocol = _SessionProtocol(self, reader)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        if self._early:
            reader.feed_data(bytes(self._early))
        if self._early_eof:
            reader.feed_eof()
        elif not transport.is_reading():
            transport.resume_reading()
        self._early = None
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def finish_response(self, *arguments: Any) -> tuple[web.StreamResponse, bool]:
        """The answer is out. When nobody has taken the connection over, what came behind the request is HTTP."""
        finished = await super().finish_response(*arguments)
        self._busy = False
        early, self._early = self._early, None
        if early is not None and self.transport is not None:
            self._back_to_http(bytes(early))
        return finished

    def _back_to_http(self, early: bytes) -> None:
        if self._early_eof:
            self.close()
        elif self.transport is not None and not self.transport.is_reading():
            self.transport.resume_reading()
        if early:
            self.data_received(early)

    def _keep(self, data: bytes) -> None:
        if self._early is None or not data:
            return
        self._early += data
        if len(self._early) > _EARLY_LIMIT and self.transport is not None:
            self.transport.pause_reading()

    @staticmethod
    def _length_before_takeover(data: bytes) -> int:
        """How long the request at the start of `data` is when it takes over; 0 when it does not.

        Also 0 for one whose head does not come in one piece, or whose body is chunked: no client is known that
        sends such a request and does not wait for the answer.
        """
        if not _TAKES_OVER.match(data):
            return 0
        end = data.find(b"\r\n\r\n")
        if end < 0 or _CHUNKED.search(data, 0, end):
            return 0
        length = _LENGTH.search(data, 0, end + 2)
        return end + 4 + (int(length[1]) if length else 0)


class _SessionProtocol(asyncio.StreamReaderProtocol):
    """The connection as plain streams; aiohttp, which keeps the books of its connections, is told of the end."""

    def __init__(self, http: Connection, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._http = http

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._http.connection_lost(exc)
