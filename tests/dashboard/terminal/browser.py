"""The browser's end of a terminal, for tests: frames over the console's whole ASGI application."""

import asyncio
import time
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from dashboard.asgi import application
from dashboard.terminal.protocol import (
    VERSION,
    Acknowledge,
    Close,
    Frame,
    Hello,
    Input,
    Output,
    Ready,
    State,
    decode,
    encode,
)

ORIGIN = "http://localhost"
SECONDS = 20


class Browser:
    """Writes, reads and acknowledges. An asynchronous context manager: leaving it closes the tab and waits until the
    console is done with it.

    `seen` is all output so far, `screen` the part that read_until has not taken; `close` is the server's last frame.
    """

    def __init__(self, path: str, cookie: bytes = b"", origin: str = ORIGIN) -> None:
        self.scope: Any = {
            "type": "websocket",
            "path": unquote(path),
            "query_string": b"",
            "headers": [(b"origin", origin.encode()), (b"cookie", cookie)],
            "subprotocols": [],
        }
        self.seen = bytearray()
        self.screen = bytearray()
        self.ready: Ready | None = None
        self.close: Close | None = None
        self.state: State | None = None
        self.code: int | None = None
        self.typed = 0
        self.acknowledged = 0
        self.is_acknowledging = True
        self._sent: asyncio.Queue[Any] = asyncio.Queue()
        self._received: asyncio.Queue[Any] = asyncio.Queue()
        self._console: asyncio.Task[None] | None = None

    async def connect(self) -> bool:
        """True when the handshake was accepted."""
        serving = application(self.scope, self._sent.get, self._received.put)
        self._console = asyncio.get_running_loop().create_task(serving)
        self._sent.put_nowait({"type": "websocket.connect"})
        event = await self._event(SECONDS)
        self.code = event.get("code", 1000) if event["type"] == "websocket.close" else None
        return self.code is None

    async def open(self, **fields: Any) -> Self:
        """Connect, say HELLO, and hear READY or the refusal (`close`)."""
        assert await self.connect()
        self.say(Hello(**{"version": VERSION, "rows": 24, "columns": 80, **fields}))
        await self.hear()
        return self

    @property
    def received(self) -> int:
        """The offset of the byte that comes next."""
        assert self.ready is not None
        return self.ready.output + len(self.seen)

    def say(self, frame: Frame) -> None:
        self.send(encode(frame))

    def send(self, message: bytes) -> None:
        self._sent.put_nowait({"type": "websocket.receive", "bytes": message})

    def write(self, data: bytes) -> None:
        self.say(Input(self.typed, data))
        self.typed += len(data)

    async def hear(self, timeout: float = SECONDS) -> Frame | None:
        """The next frame, dealt with; None when the connection was closed."""
        event = await self._event(timeout)
        if event["type"] == "websocket.close":
            self.code = event["code"]
            return None
        frame = decode(event["bytes"])
        self._take(frame)
        return frame

    async def read_until(self, text: bytes, timeout: float = SECONDS) -> bytes:
        """Read until `text` is on the screen, and take all up to its end off it."""
        deadline = time.monotonic() + timeout
        while text not in self.screen:
            if await self.hear(max(deadline - time.monotonic(), 0.001)) is None:
                raise AssertionError(f"closed ({self.close}) before {text!r}: {bytes(self.screen[-2000:])!r}")
        end = self.screen.index(text) + len(text)
        seen = bytes(self.screen[:end])
        del self.screen[:end]
        return seen

    async def read_all(self) -> Close:
        """Read until the server closes."""
        while await self.hear() is not None:
            pass
        assert self.close is not None, f"closed with {self.code} and without a frame"
        return self.close

    def _take(self, frame: Frame) -> None:
        match frame:
            case Ready():
                self.ready = frame
                self.typed = frame.input
            case State():
                self.state = frame
            case Output(offset, data):
                assert offset == self.received
                self.seen += data
                self.screen += data
                if self.is_acknowledging:
                    self.say(Acknowledge(self.received))
            case Acknowledge(offset):
                self.acknowledged = offset
            case Close():
                self.close = frame

    async def _event(self, timeout: float) -> Any:
        """What the console sends next; its own failure, when it fails instead."""
        assert self._console is not None
        async with asyncio.timeout(timeout):
            receiving = asyncio.get_running_loop().create_task(self._received.get())
            await asyncio.wait([receiving, self._console], return_when=asyncio.FIRST_COMPLETED)
        if not receiving.done():
            receiving.cancel()
            self._console.result()
            raise AssertionError("the console ended without closing")
        return receiving.result()

    async def leave(self) -> None:
        """Close the tab, and wait until the console is done with it."""
        await self.__aexit__(None, None, None)
        self._console = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console is not None:
            self._sent.put_nowait({"type": "websocket.disconnect", "code": 1001})
            await asyncio.wait_for(self._console, SECONDS)
