"""Pushing: `docker push`, from a named image to a registry's manifest."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from engine.config import Config
from engine.errors import EngineError, NotFound, NotSupported, Unavailable
from engine.events import EventBus
from engine.image import platform as platforms
from engine.image.digest import chain_ids
from engine.image.graph import ImageRecord
from engine.image.image import Image
from engine.image.locks import NamedLocks
from engine.image.manifest import Descriptor, Manifest
from engine.image.platform import Platform
from engine.image.reference import Reference
from engine.image.service import Images
from engine.registry.auth import NOBODY, Credentials
from engine.registry.connection import new_session
from engine.registry.endpoint import own_endpoints
from engine.registry.failure import first
from engine.registry.outgoing import manifest_of, with_layers
from engine.registry.packer import Packer
from engine.registry.progress import LayerProgress, Message, Progress
from engine.registry.retry import PAUSE, persist
from engine.registry.upload import CHUNK, Uploader, must_exist
from engine.registry.writer import RepositoryWriter
from engine.tasks import cancel_all, spawn

#: How many layers of an image go out at a time: Docker's own number.
_PARALLEL: Final = 5


@dataclass(frozen=True, slots=True)
class Load:
    """One image on its way: under which name, what is written down of it, its manifest and its layers' names."""

    name: Reference
    record: ImageRecord
    manifest: Manifest
    diff_ids: Sequence[str]

    @property
    def layers(self) -> list[tuple[Descriptor, Descriptor, str, str]]:
        """Each layer's blob in the manifest, the one in the store, its chain ID and its diff ID, lowest first."""
        names = (chain_ids(self.diff_ids), self.diff_ids)
        return list(zip(self.manifest.layers, self.record.layers, *names, strict=True))

    @property
    def blobs(self) -> list[str]:
        """All that has to stay in the store meanwhile."""
        return [self.record.manifest.digest, self.record.config.digest, *(blob.digest for blob in self.record.layers)]


class Pusher:
    """Pushes images out of the store."""

    def __init__(
        self, config: Config, images: Images, events: EventBus, *, pause: float = PAUSE, chunk: int = CHUNK
    ) -> None:
        self._config = config
        self._images = images
        self._events = events
        self._pause = pause
        self._chunk = chunk

    async def push(
        self, reference: Reference, credentials: Credentials = NOBODY, platform: Platform | None = None
    ) -> AsyncGenerator[Message, None]:
        """Push what `reference` names (all tags of the repository, where it has none) and tell how it goes.

        All of it must run on `platform`, where that is said. Yields Docker's progress messages. Closing the iterator
        cancels the push. Raises, after the first message, NotFound, Unauthorized, Forbidden, Unavailable,
        InvalidParameter and EngineError, in Docker's words.
        """
        if reference.digest:
            raise NotSupported("cannot push a digest reference")
        for name in self._images.catalog.tags(reference) if platform else ():
            if reference.tag in {None, name.tag}:
                platforms.require(platform, self._images.get(str(name)).platform, name.familiar)
        progress = Progress()
        tasks: set[asyncio.Task[Any]] = set()
        spawn(self._run(reference, credentials, progress), name=f"push {reference.familiar}", owner=tasks)
        try:
            async for message in progress:
                yield message
        finally:
            await cancel_all(tasks)

    async def _run(self, reference: Reference, credentials: Credentials, progress: Progress) -> None:
        failure: EngineError | None = EngineError(f"pushing {reference.familiar} was cut short; the log says more")
        try:
            async with new_session() as session:
                await self._push(reference, session, credentials, progress)
        except* EngineError as group:
            failure = first(group)
        except* OSError as group:
            failure = EngineError(f"pushing {reference.familiar}: {first(group)}")
        else:
            failure = None
        finally:
            progress.close(failure)

    async def _push(
        self, reference: Reference, session: aiohttp.ClientSession, credentials: Credentials, progress: Progress
    ) -> None:
        progress.say(f"The push refers to repository [{reference.name}]")
        names = self._names(reference)
        writer = await self._writer(reference, session, credentials)
        uploader = Uploader(writer, pause=self._pause, chunk=self._chunk)
        async with AsyncExitStack() as stack:
            packer = Packer(self._images, stack)
            shipment = Shipment(self._images, uploader, packer, progress)
            for name in names:
                load = self._load(name)
                async with self._images.hold((), load.blobs):
                    manifest = await self._push_one(load, writer, shipment, progress)
                    await packer.keep(load.record, manifest)

    def _names(self, reference: Reference) -> list[Reference]:
        tags = self._images.catalog.tags(reference)
        if not tags:
            raise NotFound(f"An image does not exist locally with the tag: {reference.familiar_name}")
        if reference.tag is None:
            return tags
        if reference not in tags:
            raise NotFound(f"tag does not exist: {reference.familiar}")
        return [reference]

    async def _writer(
        self, reference: Reference, session: aiohttp.ClientSession, credentials: Credentials
    ) -> RepositoryWriter:
        """The first endpoint that answers; raises the last one's error when none does."""
        failure: EngineError = NotFound(f"no registry to push {reference.familiar} to")
        for endpoint in own_endpoints(reference.host, self._config):
            writer = RepositoryWriter(session, endpoint, reference, credentials)
            try:
                await writer.greet()
            except Unavailable as error:
                failure = error
            else:
                return writer
        raise failure

    async def _push_one(
        self, load: Load, writer: RepositoryWriter, shipment: "Shipment", progress: Progress
    ) -> Manifest:
        name = load.name
        manifest = await shipment.carry(load)
        await persist(lambda: writer.put(name.tag or "", manifest), pause=self._pause, say=progress.say)
        sent = manifest.descriptor
        progress.say(f"{name.tag}: digest: {sent.digest} size: {sent.size}")
        progress.aux({"Tag": name.tag, "Digest": sent.digest, "Size": sent.size})
        await self._images.name(name.pinned(sent.digest), load.record.id)
        labels = self._images.get(load.record.id).labels
        self._events.publish("image", "push", name.familiar, labels | {"name": name.familiar_name})
        return manifest

    def _load(self, name: Reference) -> Load:
        image: Image = self._images.get(str(name))
        record = self._images.catalog.record(image.id)
        return Load(name, record, manifest_of(record, self._images.blobs), image.config.rootfs.diff_ids)


class Shipment:
    """Carries images' blobs to one repository; each blob once, however many layers and tags want it."""

    def __init__(self, images: Images, uploader: Uploader, packer: Packer, progress: Progress) -> None:
        self._images = images
        self._uploader = uploader
        self._packer = packer
        self._progress = progress
        self._locks = NamedLocks()
        self._slots = asyncio.Semaphore(_PARALLEL)

    async def carry(self, load: Load) -> Manifest:
        """Have config and layers there; returns the manifest that names them as they are there."""
        for *_, diff_id in reversed(load.layers):
            LayerProgress(self._progress, diff_id).say("Preparing")
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._layer(load, own, kept, chain, LayerProgress(self._progress, diff_id)))
                for own, kept, chain, diff_id in load.layers
            ]
        config = load.manifest.config
        quiet = LayerProgress(Progress(), config.digest)
        if not await self._uploader.has(config, quiet):
            await self._uploader.bring(config, self._file(config), (), quiet)
        return with_layers(load.manifest, [task.result() for task in tasks])

    async def _layer(
        self, load: Load, own: Descriptor, kept: Descriptor, chain: str, progress: LayerProgress
    ) -> Descriptor:
        """Have the layer there, and return it as it is there: by preference compressed as its manifest says."""
        async with self._locks.hold(chain):
            if self._slots.locked():
                progress.say("Waiting")
            async with self._slots:
                choice = [own, *(blob for blob in (kept, *self._images.catalog.compressed(chain)) if blob != own)]
                for blob in choice:
                    if await self._uploader.has(blob, progress):
                        progress.say("Layer already exists")
                        return blob
                return await self._send(load, choice, progress)

    async def _send(self, load: Load, choice: Sequence[Descriptor], progress: LayerProgress) -> Descriptor:
        blob = next((one for one in choice if self._images.blobs.has(one.digest)), choice[0])
        must_exist(self._images.blobs.path(blob.digest), blob)
        blob = await self._packer.packed(load.record, blob)
        host, own = load.name.host, load.name.path
        origins = [path for path in self._images.catalog.origins(host, blob.digest) if path != own]
        origin = await self._uploader.bring(blob, self._file(blob), origins, progress)
        progress.say(f"Mounted from {origin}" if origin else "Pushed")
        return blob

    def _file(self, blob: Descriptor) -> Path:
        return must_exist(self._images.blobs.path(blob.digest), blob)
