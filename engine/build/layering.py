"""From what a step has written to a layer in the store."""

import os
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from engine.build.filework import FileWork
from engine.build.state import EMPTY_LAYER, Layer
from engine.graphdriver.driver import GraphDriver, Marks, Workspace
from engine.image.digest import chain_ids
from engine.image.layer import LayerName
from engine.image.manifest import Descriptor
from engine.image.service import Images

_MEDIA_TYPE: Final = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True, kw_only=True)
class Layering:
    """Makes layers for one build, which keeps them in being until `held` is left."""

    graph: GraphDriver
    images: Images
    files: FileWork
    held: AsyncExitStack
    latest: int | None

    async def commit(self, workspace: Workspace, below: str) -> Layer | None:
        """What was written in the workspace as a layer over `below` (a chain ID, "" for none); None for no change.

        The files are not copied: they become the layer where they are. Its archive is what gives it its name.
        """
        staging = await self.graph.settle(workspace)
        async with self.images.blobs.scratch() as folder:
            blob = os.open(folder / "layer", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                has_names = staging.marks is Marks.NAMES
                packed = await self.files.pack(staging.root, blob, has_names=has_names, latest=self.latest)
            finally:
                os.close(blob)
            if packed["diff_id"] == EMPTY_LAYER:
                return None
            blob_of = Descriptor(_MEDIA_TYPE, packed["digest"], packed["size"])
            layer = Layer(_over(below, packed["diff_id"]), packed["diff_id"], blob_of, packed["files"])
            await self.hold(layer)
            await self.images.layer_store.adopt(staging, layer.chain_id, layer.size)
            self.images.blobs.adopt(folder / "layer", layer.blob.digest)
        return layer

    async def placed(self, layer: Layer, below: str) -> Layer:
        """A layer that is there already, over `below`: made over something else, it has another name here."""
        await self.hold(layer)
        chain = _over(below, layer.diff_id)
        if chain == layer.chain_id:
            return layer
        moved = replace(layer, chain_id=chain)
        await self.hold(moved)
        path = self.images.blobs.path(layer.blob.digest)
        await self.images.layer_store.add(LayerName(chain, layer.diff_id), path, lambda _: None)
        return moved

    async def hold(self, *layers: Layer) -> None:
        """Keep layers for the length of the build."""
        chains = [layer.chain_id for layer in layers]
        blobs = [layer.blob.digest for layer in layers]
        await self.held.enter_async_context(self.images.hold(chains, blobs))


def _over(below: str, diff_id: str) -> str:
    """The chain ID of a layer over those that `below` names."""
    return chain_ids([below, diff_id])[-1] if below else diff_id
