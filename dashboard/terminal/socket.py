"""One accepted WebSocket, as frames."""

from typing import Final

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent

from dashboard.terminal.protocol import (
    ClientFrame,
    Close,
    ProtocolError,
    ServerFrame,
    decode_from_client,
    encode,
    shortened,
)

#: RFC 6455, 5.5: a control frame holds at most 125 bytes, and the close code takes two.
_MAX_REASON: Final = 123


class GoneError(Exception):
    """The browser has closed the connection, or it was lost."""


class Socket:
    """The browser's end. Frames are received by one caller, and may be sent by many."""

    def __init__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._receive = receive
        self._send = send
        self._is_open = False
        self._is_closed = False

    async def accept(self) -> None:
        """Answer the handshake. What is refused later reaches the page with its reason; a browser tells a page nothing
        of a handshake that was refused."""
        self._is_open = True
        await self._deliver({"type": "websocket.accept", "subprotocol": None, "headers": ()})

    async def receive(self) -> ClientFrame:
        """The next frame; raises GoneError, and ProtocolError for a message that is none."""
        event = await self._receive()
        if event["type"] != "websocket.receive":
            raise GoneError
        message = event.get("bytes")
        if message is None:
            raise ProtocolError("a text message was sent; frames are binary")
        return decode_from_client(message)

    async def send(self, frame: ServerFrame) -> None:
        """Send a frame, waiting while the connection is congested; raises GoneError."""
        await self._deliver({"type": "websocket.send", "bytes": encode(frame), "text": None})

    async def close(self, close: Close) -> None:
        """Tell why, in a frame (all of it) and in the WebSocket's own close; nothing to do when nobody is there, or has
        been told already.

        Before `accept` the handshake is refused, and the server answers it with 403."""
        if self._is_closed:
            return
        self._is_closed = True
        reason = shortened(close.text, _MAX_REASON).decode()
        try:
            if self._is_open:
                await self.send(close)
            await self._deliver({"type": "websocket.close", "code": int(close.reason), "reason": reason})
        except GoneError:
            pass

    async def _deliver(self, event: ASGISendEvent) -> None:
        try:
            await self._send(event)
        except OSError as error:  # ASGI 2.4: sending to a connection that is gone raises a subclass of OSError
            raise GoneError from error
