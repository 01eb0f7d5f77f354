"""Notices that a bridge was deleted by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog

from engine import tasks
from engine.errors import EngineError
from engine.linux.linkwatch import DeletedLinks

log = structlog.get_logger(__name__)

#: Seconds between two looks: who deletes a bridge again and again must not make the two of them spin.
_PAUSE: Final = 0.5


class BridgeWatch:
    """Calls `repair` after interfaces for which `concerns` have been deleted. Lost news count as such."""

    def __init__(self, concerns: Callable[[str], bool], repair: Callable[[], Awaitable[None]]) -> None:
        self._concerns = concerns
        self._repair = repair
        self._links = DeletedLinks()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        asyncio.get_running_loop().add_reader(self._links, self._on_readable)
        tasks.spawn(self._keep(), name="keep bridges", owner=self._tasks)

    async def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._links)
        await tasks.cancel_all(self._tasks)
        self._links.close()

    def _on_readable(self) -> None:
        names = self._links.read()
        if names is None or any(map(self._concerns, names)):
            self._changed.set()

    async def _keep(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._repair()
            except EngineError:
                log.exception("could not make a bridge anew that was deleted; will try when another one is")
            await asyncio.sleep(_PAUSE)
