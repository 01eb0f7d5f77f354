"""Clients attached to a container: one connection to its monitor, shared by all of them.

Clients come before the start (`docker run` attaches first, so that no output is missed) or at any time later. The
monitor's connection is made when the first client and the process are both there, and given back with the last
client. A client that reads slower than the process writes is waited for once its buffer is full, as in Docker.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final

from engine import tasks
from engine.container.streams import Chunk, Stream
from engine.execdriver.driver import AttachSocket, Stdio

#: Bytes of output that one client may be behind.
BUFFER_LIMIT: Final = 1 << 20


class AttachedClient:
    """One client's session (see `Session`)."""

    def __init__(self, hub: "Hub", wanted: frozenset[Stream], *, replay: AsyncIterator[Chunk] | None = None) -> None:
        self.tty = hub.stdio.tty
        self.wanted = wanted
        self._hub = hub
        self._replay = replay
        self._chunks: deque[Chunk] = deque()
        self._buffered = 0
        self._ended = False
        self._changed = asyncio.Condition()

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        if self._replay is not None:
            async for past in self._replay:
                yield past
        while (chunk := await self._next()) is not None:
            yield chunk

    async def write(self, data: bytes) -> None:
        if Stream.STDIN in self.wanted:
            await self._hub.write(data)

    async def close_stdin(self) -> None:
        if Stream.STDIN in self.wanted:
            self._hub.close_stdin()

    async def detach(self) -> None:
        await self.end()
        self._hub.leave(self)

    async def close(self) -> None:
        await self.close_stdin()
        await self.detach()

    async def put(self, chunk: Chunk) -> None:
        """Take a chunk, or wait for room; nothing is taken after the end."""
        if chunk.stream not in self.wanted:
            return
        async with self._changed:
            await self._changed.wait_for(lambda: self._ended or self._buffered < BUFFER_LIMIT)
            if not self._ended:
                self._chunks.append(chunk)
                self._buffered += len(chunk.data)
                self._changed.notify_all()

    async def end(self) -> None:
        """No more chunks will come; those that are here are still read."""
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    async def _next(self) -> Chunk | None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._chunks or self._ended)
            if not self._chunks:
                return None
            chunk = self._chunks.popleft()
            self._buffered -= len(chunk.data)
            self._changed.notify_all()
            return chunk


class Hub:
    """A container's clients and their connection to its monitor; `connect` opens one."""

    def __init__(self, stdio: Stdio, connect: Callable[[], Awaitable[AttachSocket]]) -> None:
        self.stdio = stdio
        self._connect = connect
        self._clients: set[AttachedClient] = set()
        self._socket: AttachSocket | None = None
        self._pump: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._stdin_closed = False
        self._tasks: set[asyncio.Task[Any]] = set()

    def join(self, wanted: frozenset[Stream], *, replay: AsyncIterator[Chunk] | None = None) -> AttachedClient:
        """Add a client; its output begins with the next chunk (after `replay`, when there is one)."""
        client = AttachedClient(self, wanted, replay=replay)
        self._clients.add(client)
        return client

    async def open(self) -> None:
        """The process is there: connect when somebody is waiting for it."""
        if self._socket is None and self._clients:
            self._socket = await self._connect()
            if self._stdin_closed:
                self._socket.half_close()
            self._pump = tasks.spawn(self._pump_from(self._socket), name="attach pump", owner=self._tasks)
            self._pump.add_done_callback(partial(self._disconnected, self._socket))
            self._ready.set()

    async def write(self, data: bytes) -> None:
        await self._ready.wait()
        if self._socket is not None and not self._stdin_closed:
            await self._socket.send(data)

    def close_stdin(self) -> None:
        """A client has no more input. A terminal has no end of input; an open stdin waits for the next client."""
        if self.stdio.stdin_once and not self.stdio.tty:
            self._stdin_closed = True
            if self._socket is not None:
                self._socket.half_close()

    def leave(self, client: AttachedClient) -> None:
        """The last to leave closes the connection, unless that would close a stdin still to be written to."""
        self._clients.discard(client)
        stdin_is_kept = not self.stdio.stdin_once or self.stdio.tty or self._stdin_closed
        if not self._clients and self._pump is not None and stdin_is_kept:
            self._pump.cancel()
            self._socket = self._pump = None
            self._ready.clear()

    async def end(self) -> None:
        """The process has ended, or will not come: what it still wrote is passed on, then every client ends."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._ready.set()  # a writer must not wait for a process that is gone
        for client in tuple(self._clients):
            await client.end()
        self._clients.clear()

    async def _pump_from(self, socket: AttachSocket) -> None:
        while (packet := await socket.receive()) is not None:
            chunk = Chunk(Stream(packet[0]), packet[1])
            for client in tuple(self._clients):
                await client.put(chunk)

    def _disconnected(self, socket: AttachSocket, _: asyncio.Task[None]) -> None:
        """Whatever ended the pump, also before its first step."""
        socket.close()
        if self._socket is socket:
            self._socket = self._pump = None
