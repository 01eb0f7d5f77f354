"""What can be changed of a container whether it runs or not: its name, and the networks that it is on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from engine.container.config import EndpointConfig
from engine.container.container import Container
from engine.container.index import Index
from engine.container.lifecycle import Lifecycle, Parts
from engine.errors import InvalidParameter, NotFound
from engine.ids import check_name


class Alteration:
    """Waits for its turn; who comes after the container's removal is told that it is gone."""

    def __init__(self, parts: Parts, index: Index, lifecycle: Lifecycle) -> None:
        self._parts = parts
        self._index = index
        self._lifecycle = lifecycle

    async def rename(self, container: Container, name: str) -> None:
        """Raises Conflict for a name in use, InvalidParameter for one that can't be."""
        new = check_name("container", name.removeprefix("/"))
        async with self._turn(container):
            old = container.name
            if new == old:
                raise InvalidParameter("Renaming a container with the same name as its current name")
            self._index.reserve(new, container.id)
            container.record.name = new
            try:
                await self._lifecycle.save(container)
            except OSError:
                container.record.name = old
                self._index.release(new)
                raise
            await self._parts.networks.rename(container.id, old, new)
            self._index.release(old)
        self._parts.events.publish("container", "rename", container.id, container.attributes(oldName=f"/{old}"))

    async def connect(self, container: Container, network: str, wishes: EndpointConfig) -> None:
        """Raises NotFound for the network, Forbidden, Conflict."""
        async with self._turn(container):
            await self._lifecycle.connections.connect(container, self._parts.networks.resolve(network), wishes)
            await self._lifecycle.save(container)

    async def disconnect(self, container: Container, network: str) -> None:
        """Raises NotFound for the network, Forbidden."""
        async with self._turn(container):
            await self._lifecycle.connections.disconnect(container, self._parts.networks.resolve(network))
            await self._lifecycle.save(container)

    @asynccontextmanager
    async def _turn(self, container: Container) -> AsyncIterator[None]:
        async with container.lock:
            if self._index.lost(container):
                raise NotFound(f"No such container: {container.id}")
            yield
