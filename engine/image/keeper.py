"""Who still needs a layer or a blob, and its removal when nobody does.

Nothing is counted on disk, where a count could go wrong: what images need is read off the graph, what the build cache
keeps it says itself, what running pulls and builds need is held here, and all else may go.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager

from engine.image.blobs import BlobStore
from engine.image.graph import Graph
from engine.image.layer import Layers

#: Chain IDs of layers, and digests of blobs.
Needed = tuple[set[str], set[str]]


def _nothing() -> Needed:
    return set(), set()


class Keeper:
    """Removes layers and blobs that neither an image nor a pull needs, nor what `also` names."""

    #: What others keep for a later use.
    also: Callable[[], Needed] = staticmethod(_nothing)

    def __init__(self, graph: Graph, layers: Layers, blobs: BlobStore) -> None:
        self._graph = graph
        self._layers = layers
        self._blobs = blobs
        self._held: Counter[str] = Counter()
        self._removing = asyncio.Lock()

    def needed(self) -> Needed:
        """What must outlive a restart."""
        layers, blobs = self.also()
        return layers | self._graph.live_layers(), blobs | self._graph.live_blobs()

    @asynccontextmanager
    async def hold(self, layers: Collection[str], blobs: Collection[str]) -> AsyncIterator[None]:
        """While the block runs none of these goes away; after it, what no image has taken up does."""
        names = [*layers, *blobs]
        async with self._removing:  # what is being removed is seen either before or after, not half-way
            self._held.update(names)
        try:
            yield
        finally:
            self._held.subtract(names)
            self._held += Counter()  # drops what nobody holds any more
            await self.collect(layers, blobs)

    async def collect(self, layers: Iterable[str], blobs: Iterable[str]) -> list[str]:
        """Remove those of `layers` and `blobs` that nothing needs.

        Returns the chain IDs of the layers that are gone, in their order; one that a container uses is not, yet.
        """
        async with self._removing:
            live_layers, live_blobs = self.needed()
            gone = [layer for layer in self._unneeded(layers, live_layers) if await self._layers.remove(layer)]
            for digest in self._unneeded(blobs, live_blobs):
                await self._blobs.remove(digest)
            return gone

    def _unneeded(self, names: Iterable[str], live: set[str]) -> list[str]:
        return [name for name in dict.fromkeys(names) if name not in live and not self._held[name]]
