"""Writing containers' records down, also when the disk is full just now.

What a user asks for fails when it can't be written. What has happened (a container has ended) can't be refused: it is
true in memory at once, and written as soon as there is room. Until then the container's bundle is kept, in which a
later engine finds the exit code again.
"""

import asyncio
from typing import Any, Final

import structlog

from engine import tasks
from engine.container.container import Container
from engine.container.record import Record
from engine.store import Records

log = structlog.get_logger(__name__)

_AGAIN_S: Final = 1.0


class Ledger:
    """Its owner closes it after all others have ended: then it tries once more to write what is left."""

    def __init__(self, records: Records[Record]) -> None:
        self._records = records
        self._behind: dict[str, Container] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def save(self, container: Container) -> None:
        """Durable when this returns. Raises OSError when the disk is full."""
        await self._records.put(container.id, container.record)
        self._behind.pop(container.id, None)

    async def save_surely(self, container: Container) -> None:
        """Now, or later when that is not possible now."""
        try:
            await self.save(container)
        except OSError as error:
            log.warning("a container's record will be written later", container=container.id, error=str(error))
            self._behind[container.id] = container
            if not self._tasks:
                tasks.spawn(self._catch_up(), name="late records", owner=self._tasks)

    async def forget(self, container: Container) -> None:
        """The container is no more. Raises OSError when the disk is full."""
        await self._records.delete(container.id)
        self._behind.pop(container.id, None)

    def is_behind(self, container: Container) -> bool:
        """Does the record on the disk say less than what has happened?"""
        return container.id in self._behind

    async def close(self) -> None:
        await tasks.cancel_all(self._tasks)
        await self._write_what_is_left()

    async def _catch_up(self) -> None:
        while self._behind:
            await asyncio.sleep(_AGAIN_S)
            await self._write_what_is_left()

    async def _write_what_is_left(self) -> None:
        for container in tuple(self._behind.values()):
            try:
                await self.save(container)
            except OSError:
                return  # the same holds for the others
