"""Sessions over a WebSocket: `attach/ws`, as Docker has it.

Every binary message of the engine is output, stdout and stderr alike, as it is; every message of the client is input.
A WebSocket has no half-close: the client ends its input by closing.
"""

import asyncio
import contextlib
from typing import Final

from aiohttp import WSMsgType, web

from engine import tasks
from engine.container.streams import Session
from engine.errors import InvalidParameter
from engine.server.detach import Detector
from engine.server.lasting import lasting

#: Bytes in one message of the client.
_MESSAGE_LIMIT: Final = 1 << 24


def check_handshake(request: web.Request) -> None:
    """Raises InvalidParameter, in Docker's words, for a request that is no WebSocket's."""
    with contextlib.suppress(web.HTTPException):
        if web.WebSocketResponse().can_prepare(request).ok:
            return
    raise InvalidParameter("not websocket protocol")


async def converse(request: web.Request, session: Session, *, detach_keys: bytes) -> web.WebSocketResponse:
    """Give `session` to the client; returns when either has ended. The session is closed, or left, as by `hijack`."""
    socket = web.WebSocketResponse(compress=False, max_msg_size=_MESSAGE_LIMIT)
    talk = _Talk(session, socket, detach_keys)
    leaves = True
    try:
        with lasting(request, client_ends_it=False):
            await socket.prepare(request)
            await talk.run()
            leaves = talk.leaves
    except asyncio.CancelledError:  # the engine goes down: the container is left as it is
        raise
    except ConnectionError:
        leaves = False
    finally:
        await (session.detach() if leaves else session.close())
    await socket.close()
    return socket


class _Talk:
    """A client and a session, talking; `leaves` when the client typed the detach keys."""

    def __init__(self, session: Session, socket: web.WebSocketResponse, detach_keys: bytes) -> None:
        self.leaves = False
        self._session = session
        self._socket = socket
        self._detector = Detector(detach_keys) if session.tty else None

    async def run(self) -> None:
        await tasks.first(self._send_output(), self._take_input())

    async def _send_output(self) -> None:
        with contextlib.suppress(ConnectionError):
            async for chunk in self._session:
                await self._socket.send_bytes(chunk.data)

    async def _take_input(self) -> None:
        async for message in self._socket:
            if message.type in {WSMsgType.BINARY, WSMsgType.TEXT}:
                await self._pass_on(message.data if message.type is WSMsgType.BINARY else message.data.encode())
            if self.leaves:
                return

    async def _pass_on(self, data: bytes) -> None:
        if self._detector is not None:
            data, self.leaves = self._detector.scan(data)
        if data:
            await self._session.write(data)
