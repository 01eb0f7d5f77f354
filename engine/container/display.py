"""Showing containers: lists and inspection, with what the other services know of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from engine.container import filters, view
from engine.container.container import Container
from engine.container.files import Files
from engine.container.index import Index
from engine.container.lifecycle import Parts
from engine.container.neighbours import Neighbours
from engine.container.networking import Networking
from engine.errors import InvalidParameter, NotFound
from engine.image.service import Images


class Display:
    """Makes the documents that clients read."""

    def __init__(self, parts: Parts, images: Images, index: Index, files: Files, neighbours: Neighbours) -> None:
        self._parts = parts
        self._images = images
        self._index = index
        self._files = files
        self._neighbours = neighbours
        self._networking = Networking(parts.networks)

    async def summaries(
        self, *, all_: bool, limit: int, size: bool, filters: Mapping[str, Sequence[str]]
    ) -> list[dict[str, Any]]:
        """The rows of GET /containers/json, the newest first; `limit` (when above 0) counts stopped ones too."""
        chosen = self.select(filters, all_=all_ or limit > 0)
        return [await self._row(container, size=size) for container in chosen[: limit if limit > 0 else None]]

    async def inspect(self, container: Container, *, size: bool = False) -> dict[str, Any]:
        """The document of GET /containers/{id}/json."""
        graph = self._parts.graph
        document = view.inspect(
            container,
            files=self._neighbours.files(container.record),
            log=self._files.log(container.id),
            graph=graph.describe(container.record.layers, container.id),
            network=self._networking.settings(container.record),
            driver=graph.name,
        )
        document["HostConfig"]["Links"] = self._neighbours.links_json(container.record)
        return document | (await self._sizes(container) if size else {})

    def select(self, wanted: Mapping[str, Sequence[str]], *, all_: bool) -> list[Container]:
        """Those that pass Docker's filters, the newest first. Raises InvalidParameter for a filter that is none."""
        around = filters.Surroundings(
            images=self._images_named, networks=self._networking.networks, ports=self._networking.ports
        )
        return filters.select(self._index, self._index, wanted, all_=all_, around=around)

    def _images_named(self, ref: str) -> set[str]:
        try:
            return {self._images.get(ref).id}
        except (NotFound, InvalidParameter):
            return set()

    async def _row(self, container: Container, *, size: bool) -> dict[str, Any]:
        record = container.record
        current = self._images_named(record.image_name)
        row = view.summary(
            container,
            image=record.image_name if record.image_id in current else record.image_id,
            network=self._networking.networks(record),
            ports=self._networking.ports(record),
        )
        return row | (await self._sizes(container) if size else {})

    async def _sizes(self, container: Container) -> dict[str, int]:
        written = await self._parts.graph.usage(container.id)
        try:
            below = self._images.get(container.record.image_id).size
        except NotFound:
            below = 0
        return {"SizeRw": written, "SizeRootFs": written + below}
