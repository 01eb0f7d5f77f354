"""One client's part in its terminal's company: it leads when it does something, and tells its browser what holds."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import time
from typing import Any

from redis.exceptions import RedisError

from dashboard.terminal.protocol import Resize, State
from dashboard.terminal.room import HERE_SECONDS, Room

#: Waited after a failing channel layer.
_PAUSE_SECONDS = 5.0


@dataclass
class Attendance:
    """`fit` gives the terminal a size, `tell` sends the browser a frame, `check` raises Refused for one who may not be
    there any more; `mine` is the browser's own size."""

    room: Room
    mine: Resize
    fit: Callable[[Resize], None]
    tell: Callable[[State], Awaitable[None]]
    check: Callable[[], Awaitable[object]]

    async def enter(self) -> None:
        await self.room.enter()
        if self.room.company.types:
            await self._lead(asks=True)
        else:
            await self.room.say("here", asks=True)
            await self.tell(self.room.company.state())

    async def act(self) -> None:
        """The user types."""
        if not self.room.company.leads:
            await self._lead()

    async def resized(self, size: Resize) -> None:
        """The browser has another size."""
        self.mine = size
        if self.room.company.types:
            await self._lead()

    @property
    def leads(self) -> bool:
        return self.room.company.leads

    async def fitted(self) -> None:
        """The terminal has the browser's size. Who took the lead meanwhile is told: its own may have come first."""
        if not self.leads:
            await self.room.say("yields")

    async def listen(self) -> None:
        """Hear what the others say, for ever. Raises Refused."""
        while True:
            try:
                message = await self.room.hear()
            except (RedisError, OSError):
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            await self._heed(message)

    async def remind(self) -> None:
        """Say now and then that one is here, for ever."""
        while True:
            await asyncio.sleep(HERE_SECONDS)
            await self.room.say("here")

    async def _heed(self, message: dict[str, Any]) -> None:
        led = self.leads
        changes = self.room.take_in(message)
        if led and not self.leads:
            await self.room.say("yields")
        if message["what"] == "yields" and self.leads:
            self.fit(self.mine)
        if message["what"] == "unshared":
            await self.check()
        if message.get("asks"):
            await self.room.say("leads" if self.room.company.leads else "here")
        if message.get("led") and self.room.company.is_next():
            await self._lead()
        elif changes:
            await self.tell(self.room.company.state())

    async def _lead(self, **more: Any) -> None:
        company = self.room.company
        company.lead(self.mine.rows, self.mine.columns, time())
        self.fit(self.mine)
        await self.room.say("leads", **more)
        await self.tell(company.state())
