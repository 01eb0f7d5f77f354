"""Exec sessions that clients can come back to: see docs/exec-attach.md.

The monitor writes the session's output to a log of its own, bounded by rotation, and every client is served from
there: so each byte has a number, whoever reads it, and an engine that was killed misses nothing. The connection to the
monitor carries the input alone. When the last client has gone the session has its grace time; then the process is
hung up on, as with a lost terminal.
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
from engine.errors import InvalidParameter
from engine.execdriver.driver import AttachSocket

#: At least the last MiB of output is kept, even if each of its bytes is an entry of 46 bytes in the log.
LOG_POLICY: Final = LogPolicy(max_size=16_500_000, max_files=4)
#: Seconds between the hangup and SIGKILL.
_HANGUP_PATIENCE_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Process:
    """What a lasting session is around: its output, its end, and how to signal it."""

    tty: bool
    takes_input: bool
    streams: frozenset[Stream]
    log: LogFiles
    ended: asyncio.Event
    send_signal: Callable[[int], object]


class LastingSession:
    """One session, from its start (or its adoption) on; without clients it ends after `grace` seconds."""

    def __init__(self, process: Process, grace: float) -> None:
        self.process = process
        self.grace = grace
        self._clients: set[LastingClient] = set()
        self._socket: AttachSocket | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting: asyncio.Task[None] | None = None

    @property
    def clients(self) -> int:
        return len(self._clients)

    def hold(self, socket: AttachSocket) -> None:
        """Take the connection to the monitor; what it brings is in the log as well, and is dropped."""
        self._socket = socket
        tasks.spawn(self._drain(socket), name="drain exec", owner=self._tasks)

    async def join(self, position: int) -> "LastingClient":
        """A client that wants the output from `position` on. Raises InvalidParameter for one that is not reached."""
        end = await asyncio.to_thread(self.process.log.end)
        if position > end:
            raise InvalidParameter(f"the session's output has {end} bytes: byte {position} is not there yet")
        client = LastingClient(self, position)
        self._clients.add(client)
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        return client

    def leave(self, client: "LastingClient | None" = None) -> None:
        """Without a client left (or none, after a restart) the grace time begins."""
        if client is not None:
            self._clients.discard(client)
        if not self._clients and self._waiting is None and not self.process.ended.is_set():
            self._waiting = tasks.spawn(self._hang_up(), name="exec without a client", owner=self._tasks)

    async def write(self, data: bytes) -> None:
        if self._socket is not None and self.process.takes_input:
            await self._socket.send(data)

    async def close(self) -> None:
        """Let go of it; the process goes on."""
        await tasks.cancel_all(self._tasks)

    async def _drain(self, socket: AttachSocket) -> None:
        try:
            while await socket.receive() is not None:
                pass
        finally:
            socket.close()
            self._socket = None

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
    """One client (see `Session`); `position` is the number of the first byte of the chunk given last."""

    def __init__(self, session: LastingSession, position: int) -> None:
        self.tty = session.process.tty
        self.position = position
        self._session = session

    async def __aiter__(self) -> AsyncIterator[Chunk]:
        process = self._session.process
        playback = await asyncio.to_thread(Playback.open, process.log, self.position)
        if playback is None:
            return
        try:
            while True:
                finished = process.ended.is_set()  # asked before reading, as in `logs.read`
                while found := await playback.chunks():
                    self.position = playback.position - sum(len(chunk.data) for chunk in found)
                    for chunk in found:
                        if chunk.stream in process.streams:
                            yield chunk
                        self.position += len(chunk.data)
                if finished:
                    return
                await tasks.first(playback.changed(), process.ended.wait())
        finally:
            playback.close()

    async def write(self, data: bytes) -> None:
        await self._session.write(data)

    async def close_stdin(self) -> None:
        """A terminal has no end of input, and a client that went may come back."""

    async def detach(self) -> None:
        self._session.leave(self)

    async def close(self) -> None:
        self._session.leave(self)
