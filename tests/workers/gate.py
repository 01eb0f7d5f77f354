"""A gate before a server: it lets bytes pass until it sees what it was told to hold, and holds that until opened.

So a test stops a job at the very place that it wants, without a guess at how long anything takes.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


class Gate:
    """Holds the first request that contains `request`, before the server sees it; or, with `answer=True`, its answer.

    `held` is set once something is held; `abandoned` once the client of what was held has gone away.
    """

    def __init__(self, connect: Connect, *, request: bytes, answer: bool = False) -> None:
        self.held = threading.Event()
        self.abandoned = threading.Event()
        self._connect = connect
        self._request = request
        self._holds_answer = answer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="gate")
        self._open = asyncio.Event()
        self._sessions: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def open(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    def listen_on(self, path: Path | None = None) -> None:
        """A unix socket, or a port of loopback's that the kernel gives."""
        self._run(self._listen(path))

    async def _listen(self, path: Path | None) -> None:
        if path is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        else:
            self._server = await asyncio.start_unix_server(self._serve, path)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sessions.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._relay((reader, writer), await self._connect())
        finally:
            writer.close()
            self._sessions.discard(task)

    async def _relay(self, client: Streams, server: Streams) -> None:
        hold = asyncio.Event()
        there = self._loop.create_task(self._forward(client[0], server[1], hold))
        back = self._loop.create_task(self._answer(server[0], client[1], hold))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            if hold.is_set() and there.done() and not self._open.is_set():
                self.abandoned.set()
        finally:
            there.cancel()
            back.cancel()
            server[1].close()
            await asyncio.wait({there, back})

    async def _forward(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, hold: asyncio.Event) -> None:
        while chunk := await source.read(65536):
            if not self.held.is_set() and self._request in chunk:
                hold.set()
                self.held.set()
                if not self._holds_answer and not (chunk := await self._hold(source, chunk)):
                    return
            sink.write(chunk)
            await sink.drain()

    async def _hold(self, source: asyncio.StreamReader, held: bytes) -> bytes:
        """What to send on once the gate is open; nothing when the client has gone away before."""
        opened = self._loop.create_task(self._open.wait())
        while True:
            more = self._loop.create_task(source.read(65536))
            await asyncio.wait({opened, more}, return_when=asyncio.FIRST_COMPLETED)
            if opened.done():
                more.cancel()
                await asyncio.wait({more})
                return held if more.cancelled() else held + more.result()
            if not more.result():
                opened.cancel()
                return b""
            held += more.result()

    async def _answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, hold: asyncio.Event) -> None:
        while chunk := await source.read(65536):
            if hold.is_set():
                await self._open.wait()
            sink.write(chunk)
            await sink.drain()

    async def _stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for session in list(self._sessions):
            session.cancel()
        if self._sessions:
            await asyncio.wait(self._sessions)

    def _run(self, work: Awaitable[None]) -> None:
        async def wrapped() -> None:
            await work

        asyncio.run_coroutine_threadsafe(wrapped(), self._loop).result(10)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
