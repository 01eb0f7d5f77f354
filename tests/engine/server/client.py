"""A client of the Engine API: aiohttp's for ordinary requests, bare streams where the bytes matter."""

import asyncio
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web

from engine.config import Config
from engine.server.listener import Listener


class Api:
    """The application behind a listener, and requests to it."""

    def __init__(self, app: web.Application, config: Config) -> None:
        self.path = config.socket
        self.listener = Listener(app, config.socket, config.group)

    async def __aenter__(self) -> "Api":
        await self.listener.start()
        self.http = aiohttp.ClientSession("http://engine", connector=aiohttp.UnixConnector(str(self.path)))
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.http.close()
        await self.listener.close()

    async def call(self, method: str, path: str, **options: Any) -> tuple[int, Any]:
        """The status and the decoded body (None where there is none)."""
        async with self.http.request(method, path, **options) as response:
            return response.status, await response.json(content_type=None) if await response.read() else None

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        return await self.call("GET", path, **options)

    async def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        return await self.call("POST", path, json=body) if body is not None else await self.call("POST", path)

    async def connect(self) -> "Wire":
        return Wire(*await asyncio.open_unix_connection(str(self.path)))


class Wire:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def __aenter__(self) -> "Wire":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def head(self) -> tuple[str, dict[str, str]]:
        """The status line and the headers, their names in lower case."""
        text = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = text.strip().split("\r\n")
        return status, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    async def rest(self) -> bytes:
        """Everything up to the server's end of output."""
        return await self.reader.read()


def request(path: str, body: bytes = b"", *, upgrade: bool = True) -> bytes:
    """A POST as the docker CLI writes it."""
    lines = [f"POST {path} HTTP/1.1", "Host: docker", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json"] if body else []
    lines += ["Connection: Upgrade", "Upgrade: tcp"] if upgrade else []
    return "\r\n".join([*lines, "", ""]).encode() + body
