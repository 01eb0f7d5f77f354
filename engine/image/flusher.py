"""Images reach the disk after they were written down: who waits for a pull or a load need not wait for the disk too.

Until then an image's record names the boot of the machine. A later boot that finds such a record knows that power was
lost meanwhile, that files of the image may be torn, and leaves the image out, as if it had never come.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from engine.image.graph import Graph
from engine.tasks import spawn

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


def this_boot() -> str:
    """What tells this run of the machine's kernel from every other (random(4))."""
    return _BOOT.read_text().strip()


class Flusher:
    """Flushes in the background: once for all images that have come since the last time.

    `sync` returns when all files would survive a power loss; `changing` is held by whoever changes the graph.
    """

    def __init__(self, graph: Graph, changing: asyncio.Lock, sync: Callable[[], Awaitable[None]]) -> None:
        self._graph = graph
        self._changing = changing
        self._sync = sync
        self._tasks: set[asyncio.Task[Any]] = set()

    def soon(self) -> None:
        """Begin, unless a flush is on its way, which looks for more when it ends."""
        if not self._tasks:
            spawn(self._flush(), name="flush images to the disk", owner=self._tasks)

    async def settle(self) -> None:
        """Return when all images are on the disk, or can't be brought there, which the log tells."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _flush(self) -> None:
        while waiting := self._unsynced():
            await self._sync()
            for image_id in waiting:
                await self._written(image_id)

    def _unsynced(self) -> list[str]:
        return [node.record.id for node in self._graph.nodes if node.record.unsynced is not None]

    async def _written(self, image_id: str) -> None:
        async with self._changing:
            node = self._graph.get(image_id)
            if node is not None:
                await self._graph.put(replace(node.record, unsynced=None), node.document)
