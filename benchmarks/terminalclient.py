"""A browser's end of a terminal over a real WebSocket, without a screen: what it draws it acknowledges at once."""

import re
from types import TracebackType
from typing import Any, Final, Self

import aiohttp

from dashboard.terminal.protocol import (
    VERSION,
    Acknowledge,
    Close,
    Frame,
    Hello,
    Input,
    Output,
    Ping,
    Pong,
    Ready,
    decode,
    encode,
)

_TOKEN: Final = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


async def sign_in(http: aiohttp.ClientSession, url: str, name: str, password: str) -> None:
    """Leave the session's cookie in `http`."""
    login = f"{url}/accounts/login/"
    async with http.get(login) as page:
        found = _TOKEN.search(await page.text())
    if found is None:
        raise ValueError(f"{login} has no form to sign in with")
    form = {"csrfmiddlewaretoken": found[1], "login": name, "password": password}
    async with http.post(login, data=form, headers={"Referer": login}, allow_redirects=False) as answer:
        if answer.status != 302:
            raise ValueError(f"{login} answered {answer.status}")


class Client:
    """One terminal; an asynchronous context manager. `received` counts the output, `seen` keeps its end."""

    def __init__(self, http: aiohttp.ClientSession, url: str, path: str) -> None:
        self.received = 0
        self.seen = b""
        self.acknowledges = True
        self._http = http
        self._url = url
        self._path = path
        self._typed = 0

    async def __aenter__(self) -> Self:
        options: dict[str, Any] = {"max_msg_size": 0, "compress": 0, "headers": {"Origin": self._url}}
        self._socket = await self._http.ws_connect(self._url + self._path, **options)
        await self._say(Hello(version=VERSION, rows=24, columns=80))
        while not isinstance(frame := await self.hear(), Ready):
            if isinstance(frame, Close):
                raise ConnectionError(frame.text)
        self._typed, self.received = frame.input, frame.output
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._socket.close()

    async def type(self, data: bytes) -> None:
        await self._say(Input(self._typed, data))
        self._typed += len(data)

    async def hear(self) -> Frame:
        """The next frame, acknowledged when it is output. Raises ConnectionError at the end."""
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.BINARY:
            raise ConnectionError(f"closed: {message.data} {message.extra}")
        frame = decode(message.data)
        if isinstance(frame, Ping):
            await self._say(Pong(frame.token))
        if isinstance(frame, Output):
            await self._take(frame)
        return frame

    async def until(self, text: bytes) -> None:
        """Read until `text` has come."""
        while text not in self.seen:
            await self.hear()
        self.seen = self.seen[self.seen.index(text) + len(text) :]

    async def _take(self, frame: Output) -> None:
        if frame.offset != self.received:
            raise ConnectionError(f"output begins at {frame.offset}, but {self.received} comes next")
        self.received += len(frame.data)
        self.seen = (self.seen + frame.data)[-200_000:]
        if self.acknowledges:
            await self._say(Acknowledge(self.received))

    async def _say(self, frame: Frame) -> None:
        await self._socket.send_bytes(encode(frame))
