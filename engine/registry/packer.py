"""Plain layers, gzipped before they travel: of images that were made here, whose manifest is the engine's own to write.

An image that came with a manifest keeps it, and every digest in it.
"""

import asyncio
import os
from contextlib import AsyncExitStack
from typing import Final

from engine.image.archive.arrival import layer_type
from engine.image.archive.recoding import gzip_layer
from engine.image.graph import ImageRecord
from engine.image.manifest import Descriptor, Manifest
from engine.image.service import Images

_PACKED: Final = ("gzip", "zstd")


class Packer:
    """Gzips layers into the store, where they stay for as long as the `stack` is open, or an image has them."""

    def __init__(self, images: Images, stack: AsyncExitStack) -> None:
        self._images = images
        self._stack = stack
        self._slots = asyncio.Semaphore(max(2, os.cpu_count() or 1))

    async def packed(self, record: ImageRecord, blob: Descriptor) -> Descriptor:
        """The layer's blob as it shall travel: itself, or a new one. Raises InvalidParameter for what is no layer."""
        if not record.made_here or blob.media_type.endswith(_PACKED):
            return blob
        async with self._slots, self._images.blobs.scratch() as folder:
            made = await gzip_layer(self._images.blobs.path(blob.digest), folder / "layer")
            await self._stack.enter_async_context(self._images.hold((), [made.digest]))
            self._images.blobs.adopt(folder / "layer", made.digest)
            return Descriptor(layer_type(folder / "layer"), made.digest, made.size)

    async def keep(self, record: ImageRecord, manifest: Manifest) -> None:
        """Let the image have the blobs that have travelled: the next push, and every save, is spared the work."""
        blobs = self._images.blobs
        is_new = manifest.layers != record.layers
        if record.made_here and is_new and all(blobs.has(layer.digest) for layer in manifest.layers):
            async with self._images.hold((), [manifest.descriptor.digest]):
                await blobs.put(manifest.descriptor.digest, manifest.raw)
                await self._images.repack(record.id, manifest)
