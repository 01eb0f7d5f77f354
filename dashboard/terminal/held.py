"""A terminal that this web process holds: on an engine whose execs end with their connection, or to a container's own
process. It outlives its browsers, but not this process.

What it wrote last is kept for those who come back. While somebody is there it is never far ahead of the one who reads
fastest; without anybody nothing waits.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from dashboard.background import spawn, stop
from dashboard.terminal.execs import LEAVE_SECONDS
from dashboard.terminal.lasting import REPLAY, Start
from dashboard.terminal.protocol import MAX_CHUNK, Close, Reason
from dashboard.terminal.replay import Replay
from dashboard.terminal.sequence import Event, Taken, Written

#: Bytes that it may be ahead of the fastest reader.
AHEAD: Final = 1 << 18


class Source(Protocol):
    """The engine's stream."""

    async def read(self) -> bytes: ...
    async def write(self, data: bytes) -> None: ...
    async def resize(self, rows: int, columns: int) -> None: ...
    async def end(self) -> Close: ...
    async def hang_up(self) -> None: ...
    async def close(self) -> None: ...


class Held:
    """One of them. `forgotten` is called when it has ended, or nobody came for `grace` seconds."""

    def __init__(self, source: Source, *, grace: float, forgotten: Callable[[Close], Awaitable[None]]) -> None:
        self.source = source
        self.replay = Replay(REPLAY)
        self.closing: Close | None = None
        self.failure: Exception | None = None
        self.typed: dict[str, int] = {}
        self.writing = asyncio.Lock()
        self.changed = asyncio.Condition()
        self._grace = grace
        self._forgotten = forgotten
        self._views: set[HeldShell] = set()
        self._waiting: asyncio.Task[None] | None = None
        self._pump = spawn(self._run(), name="held terminal")

    @property
    def has_ended(self) -> bool:
        return self.closing is not None or self.failure is not None

    async def join(self, source: str, received: int | None) -> "HeldShell":
        """A view of it, of the output from byte `received` on, or of all that is kept."""
        if self._waiting is not None:
            await stop(self._waiting)
            self._waiting = None
        wanted = self.replay.start if received is None or received > self.replay.end else received
        view = HeldShell(self, source, max(wanted, self.replay.start))
        self._views.add(view)
        return view

    async def leave(self, view: "HeldShell") -> None:
        self._views.discard(view)
        await self.notify()
        if not self._views and self._waiting is None and not self.has_ended:
            self._waiting = spawn(self._end_later(), name="held terminal without anybody")

    async def hang_up(self) -> None:
        """End it, and wait a while until its last bytes are here and its connection is closed."""
        await self.source.hang_up()
        await asyncio.wait([self._pump], timeout=LEAVE_SECONDS)

    async def notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def close(self) -> None:
        """Let go of it. Idempotent."""
        if self._waiting is not None:
            await stop(self._waiting)
        await stop(self._pump)
        await self.source.close()

    async def _run(self) -> None:
        try:
            while data := await self.source.read():
                self.replay.add(data)
                async with self.changed:
                    self.changed.notify_all()
                    await self.changed.wait_for(self._may_go_on)
            self.closing = await self.source.end()
        except Exception as error:  # noqa: BLE001  # told to whoever is attached, by `HeldShell.read`
            self.failure = error
        await self.notify()
        await self._forgotten(self.closing or Close(Reason.ENGINE, str(self.failure)))
        await self.source.close()

    def _may_go_on(self) -> bool:
        return not self._views or any(self.replay.end - view.position <= AHEAD for view in self._views)

    async def _end_later(self) -> None:
        await asyncio.sleep(self._grace)
        await self.hang_up()


class HeldShell:
    """One client's view; `position` is the byte that it reads next."""

    def __init__(self, held: Held, source: str, position: int) -> None:
        self._typed = held.typed.setdefault(source, 0)
        self.start = Start(position, held.replay.end, self._typed)
        self.position = position
        self._held = held
        self._source = source
        self._taken: deque[int] = deque(maxlen=1)

    async def read(self) -> Event | None:
        """What has happened next; None at the end. Raises what the engine's stream raised."""
        held = self._held
        async with held.changed:
            await held.changed.wait_for(self._has_news)
        if self._taken:
            return Taken(self._taken.popleft())
        offset, data = held.replay.after(self.position, MAX_CHUNK)
        if data:
            self.position = offset + len(data)
            await held.notify()
            return Written(offset, data)
        if held.failure is not None:
            raise held.failure
        return None

    async def write(self, data: bytes) -> None:
        """Type what another connection of this client has not brought already (`Held.typed` counts)."""
        held = self._held
        async with held.writing:
            known = max(0, held.typed[self._source] - self._typed)
            if rest := data[known:]:
                await held.source.write(rest)
                held.typed[self._source] += len(rest)
        self._typed += len(data)
        self._taken.append(self._typed)
        await held.notify()

    async def resize(self, rows: int, columns: int) -> None:
        await self._held.source.resize(rows, columns)

    async def end(self) -> Close:
        return self._held.closing or await self._held.source.end()

    async def close(self) -> None:
        await self._held.leave(self)

    def _has_news(self) -> bool:
        return bool(self._taken) or self.position < self._held.replay.end or self._held.has_ended
