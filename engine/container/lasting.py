"""Exec sessions that clients can come back to: see docs/exec-attach.md.

The monitor writes the session's output to a log of its own, bounded by rotation, and every client is served from
there: so each byte has a number, whoever reads it, and an engine that was killed misses nothing. The connection to the
monitor carries the input. A process on a terminal is never far ahead of the client that reads fastest: its terminal is
held up meanwhile. Slower clients find in the log what is still kept, and without a client nothing waits. When the last
client has gone the session has its grace time; then the process is hung up on, as with a lost terminal.
"""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

from engine import tasks
from engine.container.logs.files import LogFiles
from engine.container.logs.playback import Playback
from engine.container.logs.policy import LogPolicy
from engine.container.streams import Chunk, Stream
from engine.container.typed import Typed, check_source
from engine.errors import InvalidParameter
from engine.execdriver.driver import AttachSocket

#: At least the last MiB of output is kept, even if each of its bytes is an entry of 46 bytes in the log.
LOG_POLICY: Final = LogPolicy(max_size=16_500_000, max_files=4)
#: Bytes that the process may be ahead of the client that reads fastest.
AHEAD_LIMIT: Final = 1 << 17
#: Bytes of input that go to the monitor at once, and are counted at once.
_PIECE: Final = 1 << 14
#: Seconds between the hangup and SIGKILL.
_HANGUP_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Process:
    """What a lasting session is around: its output, its end, how to signal it and to hold up its terminal."""

    tty: bool
    takes_input: bool
    streams: frozenset[Stream]
    log: LogFiles
    typed: Typed
    ended: asyncio.Event
    send_signal: Callable[[int], object]
    set_flow: Callable[[bool], object]


class LastingSession:
    """One session, from its start (or its adoption) on; without clients it ends after `grace` seconds."""

    def __init__(self, process: Process, grace: float) -> None:
        self.process = process
        self.grace = grace
        self._clients: set[LastingClient] = set()
        self._socket: AttachSocket | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._written = 0
        self._flows = True

    @property
    def clients(self) -> int:
        return len(self._clients)

    def hold(self, socket: AttachSocket, *, written: int = 0) -> None:
        """Take the connection to the monitor, made after `written` bytes of output; what it brings is in the log."""
        self._socket, self._written = socket, written
        self.process.set_flow(True)  # a former engine may have been killed while it held the terminal up
        tasks.spawn(self._drain(socket), name="drain exec", owner=self._tasks)

    async def join(self, position: int, *, tail: int | None = None, source: str = "") -> "LastingClient":
        """A client that wants the output from `position` on, or the last `tail` bytes of it.

        Its input is counted under the name `source`, if it has one. Raises InvalidParameter for a position that is
        not reached, and for a name that is none.
        """
        if source:
            check_source(source)
        end = await asyncio.to_thread(self.process.log.end)
        position = position if tail is None else max(0, end - tail)
        if position > end:
            raise InvalidParameter(f"the session's output has {end} bytes: byte {position} is not there yet")
        playback = await asyncio.to_thread(Playback.open, self.process.log, position)
        client = LastingClient(self, playback, position=playback.position if playback else end, end=end, source=source)
        self._clients.add(client)
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        return client

    def leave(self, client: "LastingClient | None" = None) -> None:
        """Without a client left (or none, after a restart) the grace time begins."""
        if client is not None:
            self._clients.discard(client)
            self.keep_pace()
        if not self._clients and self._waiting is None and not self.process.ended.is_set():
            self._waiting = tasks.spawn(self._hang_up(), name="exec without a client", owner=self._tasks)

    async def write(self, client: "LastingClient", data: bytes) -> None:
        """Type `data`, whole pieces of one client after whole pieces of another.

        What another connection of the same source has brought already is passed over: a client that came back may
        send again what was under way when it lost its first connection.
        """
        for start in range(0, len(data), _PIECE):
            piece = data[start : start + _PIECE]
            async with self._writing:
                await self._pass_on(client.source, piece[client.known :])
            client.took(len(piece))

    async def _pass_on(self, source: str, data: bytes) -> None:
        if data and self._socket is not None and self.process.takes_input:
            await self._socket.send(data)
            if source:
                self.process.typed.add(source, len(data))

    def keep_pace(self) -> None:
        """Something was written, or read: hold the terminal up, or let it go on."""
        flows = not self._is_too_far_ahead()
        if flows != self._flows:
            self._flows = flows
            self.process.set_flow(flows)

    async def close(self) -> None:
        """Let go of it; the process goes on."""
        await tasks.cancel_all(self._tasks)

    async def _drain(self, socket: AttachSocket) -> None:
        try:
            while (packet := await socket.receive()) is not None:
                self._written += len(packet[1])
                self.keep_pace()
        finally:
            socket.close()
            self._socket = None

    def _is_too_far_ahead(self) -> bool:
        """Of every client. One that waits at the log's end is not behind, whatever was counted here."""
        limit = AHEAD_LIMIT if self._flows else AHEAD_LIMIT // 2
        return bool(self._clients) and all(
            not client.is_waiting and self._written - client.position > limit for client in self._clients
        )

    async def _hang_up(self) -> None:
        """A process that does not care about a hangup is killed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.grace):
                await self.process.ended.wait()
        for number in (signal.SIGHUP, signal.SIGKILL):
            if self.process.ended.is_set():
                return
            self.process.send_signal(number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HANGUP_PATIENCE_S):
                    await self.process.ended.wait()


class LastingClient:
    """One client (see `Session`); `position` is the number of the first byte of the chunk given last.

    `end` is how much output there was when it came, `typed` how much of its source's input it has brought or found.
    A chunk of STDIN without data says that `typed` bytes have been taken; only a client with a source gets it.
    """

    def __init__(
        self, session: LastingSession, playback: Playback | None, *, position: int, end: int, source: str
    ) -> None:
        self.tty = session.process.tty
        self.position = position
        self.end = end
        self.source = source
        self.typed = session.process.typed.count(source) if source else 0
        self.is_waiting = False
        self._playback = playback
        self._session = session
        self._told = self.typed
        self._taken = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        process = self._session.process
        if self._playback is None:
            return
        while True:
            finished = process.ended.is_set()  # asked before reading, as in `logs.read`
            async for chunk in self._output(self._playback):
                yield chunk
            if self._told != self.typed:
                self._told = self.typed
                yield Chunk(Stream.STDIN, b"")
            if finished:
                return
            await self._news(self._playback)

    async def _output(self, playback: Playback) -> AsyncIterator[Chunk]:
        """What there is now."""
        while found := await playback.chunks():
            self.position = playback.position - sum(len(chunk.data) for chunk in found)
            for chunk in found:
                if chunk.stream in self._session.process.streams:
                    yield chunk
                self.position += len(chunk.data)
                self._session.keep_pace()

    async def _news(self, playback: Playback) -> None:
        self.is_waiting = True
        self._session.keep_pace()
        self._taken.clear()
        if self._told == self.typed:
            await tasks.first(playback.changed(), self._session.process.ended.wait(), self._taken.wait())
        self.is_waiting = False

    @property
    def known(self) -> int:
        """How many of the bytes that it brings next another connection of its source has brought already."""
        return max(0, self._session.process.typed.count(self.source) - self.typed) if self.source else 0

    def took(self, size: int) -> None:
        if self.source:
            self.typed += size
            self._taken.set()

    async def write(self, data: bytes) -> None:
        await self._session.write(self, data)

    async def close_stdin(self) -> None:
        """A terminal has no end of input, and a client that went may come back."""

    async def detach(self) -> None:
        self._session.leave(self)
        if self._playback is not None:
            self._playback.close()

    async def close(self) -> None:
        await self.detach()
