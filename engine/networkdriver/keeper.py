"""Keeps what the bridges need in the packet filter, whatever other programs do to it.

The kernel tells of every transaction. One of another program that touches our table, or chains of others, is followed
by a look, a moment later, so that a burst (dockerd's start, `nft -f`) is looked at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from engine import tasks
from engine.errors import EngineError
from engine.linux.nftwatch import Change, RulesetEvents

log = structlog.get_logger(__name__)

#: How long after a change we look (seconds), and at least between two looks: another program that undoes our repair
#: again and again must not make the two of them spin.
SETTLE: Final = 0.05
PAUSE: Final = 0.5


class Keeper:
    """Calls `repair` after others' changes, telling it whether our table was touched.

    Made before the engine's first transaction, and started right after it: by that one it learns which thread, as the
    kernel counts them (in a container the engine's own count is another), commits the engine's own.
    """

    def __init__(self, table: str, repair: Callable[[bool], Awaitable[None]]) -> None:
        self._table = table
        self._repair = repair
        self._events = RulesetEvents()
        self._own_makers: set[int] = set()
        self._changed = asyncio.Event()
        self._is_ours_touched = False
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        self._own_makers = {change.maker for change in self._events.read() if self._table in change.tables}
        asyncio.get_running_loop().add_reader(self._events, self._on_readable)
        tasks.spawn(self._keep(), name="keep packet filter", owner=self._tasks)

    async def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._events)
        await tasks.cancel_all(self._tasks)
        self._events.close()

    def _on_readable(self) -> None:
        for change in self._events.read():
            if change.maker in self._own_makers:
                continue
            self._is_ours_touched |= touches(change, self._table)
            if self._is_ours_touched or change.tables:
                self._changed.set()

    async def _keep(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(SETTLE)
            self._changed.clear()
            is_touched, self._is_ours_touched = self._is_ours_touched, False
            try:
                await self._repair(is_touched)
            except EngineError:
                log.exception("could not restore the packet filter's rules; will try at its next change")
            await asyncio.sleep(PAUSE)


def touches(change: Change, table: str) -> bool:
    """Did the transaction, or might it have, changed anything in `table`?"""
    return change.is_unknown or table in change.tables | change.element_tables
