"""Root filesystems that are looked into: mounted as long as anybody looks, whatever else becomes of the container.

Two overlays over one writable layer spoil each other. A worker has its own copy of the mount, which outlives an
unmounting here; so while there is one, the root stays mounted, and a start takes the one that is there.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from engine import tasks
from engine.container.container import Container
from engine.graphdriver.driver import GraphDriver


class Roots:
    """Counts who looks into which container's root."""

    def __init__(self, graph: GraphDriver) -> None:
        self._graph = graph
        self._held: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def held(self, container: Container) -> AsyncIterator[None]:
        """Within the block the root, once mounted, stays so. Behind the last such block it is unmounted when idle."""
        self._held[container.id] += 1
        try:
            yield
        finally:
            self._held[container.id] -= 1
            if not self._held[container.id]:
                del self._held[container.id]
                # Not the request's own doing: that may be cancelled, and the mount would stay.
                tasks.spawn(self._release(container), name=f"leave the root of {container.id}", owner=self._tasks)

    async def unmount(self, container_id: str) -> None:
        """A run is over; who still looks in goes on, and the last of them unmounts."""
        if container_id not in self._held:
            await self._graph.unmount(container_id)

    async def close(self) -> None:
        """Return when all that was left has been unmounted."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _release(self, container: Container) -> None:
        async with container.lock:
            if not container.status.has_process:
                await self.unmount(container.id)
