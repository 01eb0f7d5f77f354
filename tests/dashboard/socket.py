"""A browser's end of a socket, over the console's whole ASGI application."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self

from dashboard.asgi import application

ORIGIN = b"http://localhost"
SECONDS = 10


class Socket:
    """An asynchronous context manager; leaving it closes the page, and waits until the console is done with it.

    `code` is None while the socket is open, and 1000 or more when the console has closed it. A socket that is refused
    before it opens (HTTP 403 to a browser) has a code as well, and `was_accepted` is False.
    """

    def __init__(self, address: str, cookie: bytes = b"", origin: bytes = ORIGIN) -> None:
        path, _, query = address.partition("?")
        self.code: int | None = None
        self.reason = ""
        self.was_accepted = False
        self._scope: Any = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"origin", origin), (b"cookie", cookie)],
            "subprotocols": [],
        }
        self._to_console: asyncio.Queue[Any] = asyncio.Queue()
        self._from_console: asyncio.Queue[Any] = asyncio.Queue()

    async def hear(self) -> Any:
        """The next message, as JSON; None when the console closes the socket."""
        async with asyncio.timeout(SECONDS):
            event = await self._from_console.get()
        if event["type"] == "websocket.close":
            self.code = event.get("code", 1000)
            self.reason = event.get("reason", "")
            return None
        return json.loads(event["text"])

    async def events_until_closed(self) -> list[Any]:
        """What comes before the console closes the socket, undecoded; nothing where it was never opened."""
        events: list[Any] = []
        async with asyncio.timeout(SECONDS):
            while self.code is None:
                event = await self._from_console.get()
                if event["type"] == "websocket.close":
                    self.code = event.get("code", 1000)
                else:
                    events.append(event)
        return events

    async def is_silent(self, seconds: float = 0.2) -> bool:
        await asyncio.sleep(seconds)
        return self._from_console.empty()

    async def __aenter__(self) -> Self:
        serving = application(self._scope, self._to_console.get, self._from_console.put)
        self._console = asyncio.get_running_loop().create_task(serving)
        self._to_console.put_nowait({"type": "websocket.connect"})
        async with asyncio.timeout(SECONDS):
            event = await self._from_console.get()
        self.was_accepted = event["type"] == "websocket.accept"
        if not self.was_accepted:
            self.code = event.get("code", 1000)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._to_console.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(self._console, SECONDS)
