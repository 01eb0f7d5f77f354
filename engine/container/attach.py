"""Clients attached to a container: one connection to its monitor, shared by all of them.

Clients come before the start (`docker run` attaches first, so that no output is missed) or at any time later. The
monitor's connection is made when the first client and the process are both there, and given back with the last
client.

A client that reads slower than the process writes holds nobody up: once its buffer is full it falls behind, and reads
on from the container's log until it has caught up. Where the log can't serve it (there is none, or it is about to
remove what the client has not read, or the connection was made in the middle of a run, so that nobody can tell where
in the log it is) the process waits for the client, as in Docker, but not for ever: from one that takes nothing for ten
seconds the output is kept back. When it reads again it is told how much it has missed, and the session goes on.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, Final

from engine import tasks
from engine.container.logs.files import LogFiles
from engine.container.logs.playback import Playback
from engine.container.streams import Chunk, Stream
from engine.execdriver.driver import AttachSocket, Stdio

#: Bytes of output that one client may be behind.
BUFFER_LIMIT: Final = 1 << 20
#: Seconds that a process waits for a client that takes nothing.
PATIENCE_S: Final = 10.0
#: Bytes of output between two looks at whether the log will still have what a client needs.
_LOOK_EVERY: Final = 1 << 20
_MISSED: Final = "\r\n[{} bytes of output are left out here: they were not read in time]\r\n"


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
        self._skips = False
        self._is_waited_for = True
        self._missed = self._told = self._looked = 0
        self._behind: Playback | None = None
        self._changed = asyncio.Condition()

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        if self._replay is not None:
            async for past in self._replay:
                yield past
        while True:
            while (chunk := await self._next()) is not None:
                yield chunk
            if self._behind is None:
                break
            async for missed in self._catch_up(self._behind):
                yield missed

    async def write(self, data: bytes) -> None:
        if Stream.STDIN in self.wanted:
            await self._hub.write(data)

    async def close_stdin(self) -> None:
        if Stream.STDIN in self.wanted:
            self._hub.close_stdin()

    async def detach(self) -> None:
        await self.end()
        self._hub.leave(self)
        if self._behind is not None:
            self._behind.close()

    async def close(self) -> None:
        await self.close_stdin()
        await self.detach()

    async def put(self, chunk: Chunk, position: int | None) -> None:
        """Take a chunk, fall behind, or wait for room; nothing is taken after the end.

        `position` is the number of the chunk's first byte in the container's log, None when nobody knows.
        """
        if position is not None:
            self._told = position + len(chunk.data)
        if self._behind is not None:
            await self._stay_in_reach(self._behind)
            return
        if self._ended or chunk.stream not in self.wanted:
            return
        if self._buffered >= BUFFER_LIMIT and position is not None and not self._skips:
            self._behind = await asyncio.to_thread(self._hub.playback, position)
        if self._behind is None and await self._has_room():
            self._chunks.append(chunk)
            self._buffered += len(chunk.data)
        elif self._skips:
            self._missed += len(chunk.data)
        await self._notify()

    async def end(self) -> None:
        """No more chunks will come; those that are here, and those in the log, are still read."""
        if self._behind is not None and not self._ended:
            self._behind.hold()
        async with self._changed:
            self._ended = True
            self._changed.notify_all()

    async def _has_room(self) -> bool:
        """Wait for room while the client takes something now and then; False when it does not, or has left."""
        async with self._changed:
            while self._buffered >= BUFFER_LIMIT and not (self._ended or self._skips):
                self._skips = not await self._has_progress()
            return not (self._ended or self._skips)

    async def _catch_up(self, playback: Playback) -> AsyncIterator[Chunk]:
        """What was missed; when all is read, chunks are taken again."""
        try:
            while self._behind is playback:
                position, found = playback.position, await playback.chunks()
                if not found or playback.position - sum(len(chunk.data) for chunk in found) != position:
                    break  # removed unread, or never written: the disk was full
                for chunk in found:
                    # The log may be ahead of the connection: what that will still bring is left to it.
                    part = Chunk(chunk.stream, chunk.data[: self._told - position])
                    position += len(part.data)
                    if position == self._told:
                        self._behind = None
                    self._is_waited_for = True
                    await self._notify()
                    if part.data and part.stream in self.wanted:
                        yield part
                    if self._behind is not playback:
                        return
            self._skips, self._missed, self._behind = True, self._told - position, None
        finally:
            playback.close()

    async def _stay_in_reach(self, playback: Playback) -> None:
        """Wait while the log is about to remove what the client has not read, as long as it reads at all."""
        if self._told - self._looked < _LOOK_EVERY:
            return
        self._looked = self._told
        async with self._changed:
            while self._must_be_waited_for(playback):
                self._is_waited_for = await self._has_progress()

    def _must_be_waited_for(self, playback: Playback) -> bool:
        stays = self._behind is playback and not self._ended and self._is_waited_for
        return stays and playback.is_endangered()

    async def _has_progress(self) -> bool:
        """Wait for the client; False when it has taken nothing for too long."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _next(self) -> Chunk | None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._chunks or self._ended or self._skips or self._behind is not None)
            if not self._chunks:
                return self._gap() if self._skips else None
            chunk = self._chunks.popleft()
            self._buffered -= len(chunk.data)
            self._changed.notify_all()
            return chunk

    def _gap(self) -> Chunk:
        """All that was kept has been read: tell what is missing here, and take chunks again."""
        text = _MISSED.format(self._missed)
        self._skips, self._missed = False, 0
        return Chunk(Stream.STDOUT if self.tty else Stream.STDERR, text.encode())


class Hub:
    """A container's clients and their connection to its monitor; `connect` opens one."""

    def __init__(
        self, stdio: Stdio, connect: Callable[[], Awaitable[AttachSocket]], log: LogFiles | None = None
    ) -> None:
        self.stdio = stdio
        self._log = log
        self._position: int | None = None
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

    async def open(self, *, at_start: bool = False) -> None:
        """The process is there: connect when somebody is waiting for it.

        `at_start` says that it has written nothing yet: all that comes is what the log gets from here on.
        """
        if self._socket is None and self._clients:
            self._socket = await self._connect()
            known = at_start and self._log is not None
            self._position = await asyncio.to_thread(self._log.end) if known and self._log is not None else None
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

    def playback(self, position: int) -> Playback | None:
        """The container's log from a byte on; None when that is not in it any more. Not for the event loop."""
        found = Playback.open(self._log, position) if self._log is not None else None
        if found is not None and found.position != position:
            found.close()
            return None
        return found

    async def _pump_from(self, socket: AttachSocket) -> None:
        while (packet := await socket.receive()) is not None:
            chunk = Chunk(Stream(packet[0]), packet[1])
            for client in tuple(self._clients):
                await client.put(chunk, self._position)
            if self._position is not None:
                self._position += len(chunk.data)

    def _disconnected(self, socket: AttachSocket, _: asyncio.Task[None]) -> None:
        """Whatever ended the pump, also before its first step."""
        socket.close()
        if self._socket is socket:
            self._socket = self._pump = None
