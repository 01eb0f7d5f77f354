"""Pulling: `docker pull`, from the manifest to a named image."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.config import Config
from engine.errors import EngineError, InvalidParameter
from engine.events import EventBus
from engine.image import platform as platforms
from engine.image.config import SIZE_LIMIT, ImageConfig, parse_config
from engine.image.digest import chain_ids
from engine.image.graph import ImageRecord
from engine.image.inflow import Inflow
from engine.image.layer import LayerName
from engine.image.manifest import CONFIG_TYPES, Descriptor, Manifest
from engine.image.platform import Platform
from engine.image.reference import Reference
from engine.image.service import Images
from engine.registry.auth import NOBODY, Credentials
from engine.registry.client import RepositoryClient
from engine.registry.connection import new_session
from engine.registry.download import Downloader
from engine.registry.failure import first
from engine.registry.progress import LayerProgress, Message, Progress
from engine.registry.resolve import Resolved, Resolver
from engine.registry.retry import PAUSE, persist
from engine.tasks import cancel_all, spawn


@dataclass(frozen=True, slots=True)
class Plan:
    """One image to fetch: whence, its documents, and its layers with their names, lowest first."""

    clients: tuple[RepositoryClient, ...]
    manifest: Manifest
    raw_config: bytes
    config: ImageConfig
    layers: tuple[tuple[Descriptor, LayerName], ...]

    @property
    def id(self) -> str:
        return self.manifest.config.digest

    @property
    def chain(self) -> list[str]:
        return [name.chain_id for _, name in self.layers]

    @property
    def blobs(self) -> list[str]:
        documents = [self.manifest.descriptor.digest, self.manifest.config.digest]
        return documents + [blob.digest for blob, _ in self.layers]

    def likely(self, images: Images) -> list[str]:
        """The blobs of other images that unpack to this one's layers."""
        return [blob.digest for layer in self.chain for blob in images.catalog.compressed(layer)]


class Puller:
    """Pulls images into the store; pulls that share layers share the work."""

    def __init__(self, config: Config, images: Images, events: EventBus, *, pause: float = PAUSE) -> None:
        self._config = config
        self._images = images
        self._events = events
        self._pause = pause
        self._downloader = Downloader(images.blobs, pause=pause)

    async def pull(
        self, reference: Reference, platform: Platform | None = None, credentials: Credentials = NOBODY
    ) -> AsyncGenerator[Message, None]:
        """Pull what `reference` names (all tags, where it has neither tag nor digest) and tell how it goes.

        Yields Docker's progress messages. Closing the iterator cancels the pull; nothing of it stays then but layers
        that another image or pull has. Raises, before the first message or after any, NotFound, Unauthorized,
        Unavailable, InvalidParameter and EngineError, with Docker's messages where it has one.
        """
        progress = Progress()
        tasks: set[asyncio.Task[Any]] = set()
        work = self._run(reference, platform, credentials, progress)
        spawn(work, name=f"pull {reference.familiar}", owner=tasks)
        try:
            async for message in progress:
                yield message
        finally:
            await cancel_all(tasks)

    async def _run(
        self, reference: Reference, platform: Platform | None, credentials: Credentials, progress: Progress
    ) -> None:
        failure: EngineError | None = EngineError(f"pulling {reference.familiar} was cut short; the log says more")
        try:
            async with new_session() as session:
                await self._pull(reference, platform, Resolver(self._config, session, credentials), progress)
        except* EngineError as group:
            failure = first(group)
        except* OSError as group:
            failure = EngineError(f"pulling {reference.familiar}: {first(group)}")
        else:
            failure = None
        finally:
            progress.close(failure)

    async def _pull(
        self, reference: Reference, platform: Platform | None, resolver: Resolver, progress: Progress
    ) -> None:
        wanted = [reference]
        if not (reference.tag or reference.digest):
            wanted = [reference.tagged(tag) for tag in await resolver.tags(reference)]
        is_new = [await self._pull_one(each, platform, resolver, progress) for each in wanted]
        outcome = "Downloaded newer image for" if any(is_new) else "Image is up to date for"
        progress.say(f"Status: {outcome} {reference.familiar}")
        for each in wanted:
            _warn_of_platform(each, self._images.get(str(each)).config, platform, progress)

    async def _pull_one(
        self, reference: Reference, platform: Platform | None, resolver: Resolver, progress: Progress
    ) -> bool:
        """Whether the reference stands for another image than before, or for its first one."""
        if digest := await self._unchanged(reference, platform, resolver):
            progress.say(f"Pulling from {reference.path}", reference.tag)
            self._conclude(reference, digest, progress)
            return False
        resolved = await resolver.resolve(reference, platform or platforms.host())
        progress.say(f"Pulling from {reference.path}", str(reference) if reference.digest else reference.tag)
        plan = await persist(lambda: _plan(resolved), pause=self._pause, say=progress.say)
        if not self._images.knows(plan.id):
            await self._bring(plan, progress)
        is_new = await self._name(reference, resolved.digest, plan.id)
        self._conclude(reference, resolved.digest, progress)
        return is_new

    async def _unchanged(self, reference: Reference, platform: Platform | None, resolver: Resolver) -> str | None:
        """The digest of the tag's document where that is what the tag stands for here: one HEAD request tells.

        A registry counts the documents that it gives, not those that it is only asked about. One that does not
        answer is asked again for the document, and gives its reason in that answer.
        """
        image_id = self._images.catalog.named(reference)
        if image_id is None or reference.tag is None or platform is not None:
            return None
        try:
            digest = await resolver.digest(reference)
        except EngineError:
            return None
        if digest is None or self._images.catalog.named(reference.pinned(digest)) != image_id:
            return None
        actual = self._images.get(image_id).platform
        return digest if platforms.rank(platforms.host(), actual) is not None else None

    def _conclude(self, reference: Reference, digest: str, progress: Progress) -> None:
        progress.say(f"Digest: {digest}")
        labels = self._images.get(str(reference)).labels
        self._events.publish("image", "pull", reference.familiar, labels | {"name": reference.familiar_name})

    async def _bring(self, plan: Plan, progress: Progress) -> None:
        """Have all of the image, then write it down."""
        async with self._images.hold(plan.chain, [*plan.blobs, *plan.likely(self._images)]):
            async with asyncio.TaskGroup() as layers:
                for blob, name in plan.layers:
                    layers.create_task(
                        self._bring_layer(plan.clients, blob, name, LayerProgress(progress, blob.digest))
                    )
            await self._images.blobs.put(plan.manifest.descriptor.digest, plan.manifest.raw)
            await self._images.blobs.put(plan.id, plan.raw_config)
            await self._images.add(_record(plan, self._images), plan.config)

    async def _bring_layer(
        self, clients: Sequence[RepositoryClient], blob: Descriptor, name: LayerName, progress: LayerProgress
    ) -> None:
        with Inflow() as inflow:
            if self._images.layer_store.has(name.chain_id):
                progress.say("Already exists")
                if _compressed(self._images, blob, name) is None:
                    await self._downloader.fetch(clients, blob, progress, inflow)
                return
            progress.say("Pulling fs layer")
            async with asyncio.TaskGroup() as group:
                early = group.create_task(self._unpack_early(name, blob, inflow, progress))
                await self._downloader.fetch(clients, blob, progress, inflow)
                progress.say("Download complete")
                await early
            await self._images.layer_store.add(name, self._images.blobs.path(blob.digest), _extracting(blob, progress))
        progress.say("Pull complete")

    async def _unpack_early(self, name: LayerName, blob: Descriptor, inflow: Inflow, progress: LayerProgress) -> None:
        """Unpack while the blob comes in.

        Whatever is wrong then may be the wire's fault, and mended: only what comes of the verified blob counts.
        """
        shown = _extracting(blob, progress)

        def show(read: int) -> None:
            if inflow.is_over:  # until then the bar is the download's
                shown(read)

        with contextlib.suppress(EngineError):
            await self._images.layer_store.add(name, await inflow.path(), show, news=inflow.news)

    async def _name(self, reference: Reference, digest: str, image_id: str) -> bool:
        """Give the image its names; True when the one that was asked for is new to it."""
        pinned = reference.pinned(digest)
        if reference.digest:
            return await self._images.name(pinned, image_id)
        is_new = await self._images.name(reference, image_id)
        await self._images.name(pinned, image_id)
        return is_new


async def _plan(resolved: Resolved) -> Plan:
    """Fetch and check the config; raises InvalidParameter when config and manifest do not belong together."""
    manifest = resolved.manifest
    if manifest.config.media_type not in CONFIG_TYPES:
        raise InvalidParameter(f"unsupported media type {manifest.config.media_type[:120]} for an image's config")
    raw = await resolved.clients[0].document(manifest.config.digest, SIZE_LIMIT)
    config = parse_config(raw)
    if config.os not in {"", "linux"}:
        raise InvalidParameter(f'image operating system "{config.os[:40]}" cannot be used on this platform')
    diff_ids = config.rootfs.diff_ids
    if len(diff_ids) != len(manifest.layers):
        raise InvalidParameter(
            f"layers from manifest don't match image configuration: {len(manifest.layers)} and {len(diff_ids)}"
        )
    names = (LayerName(chain, diff) for chain, diff in zip(chain_ids(diff_ids), diff_ids, strict=True))
    return Plan(resolved.clients, manifest, raw, config, tuple(zip(manifest.layers, names, strict=True)))


def _extracting(blob: Descriptor, progress: LayerProgress) -> Callable[[int], None]:
    return lambda read: progress.bar("Extracting", read, blob.size)


def _compressed(images: Images, blob: Descriptor, name: LayerName) -> Descriptor | None:
    """The layer as a push can send it: the manifest's own blob, or what another image compressed it to."""
    if images.blobs.has(blob.digest):
        return blob
    return next(iter(images.catalog.compressed(name.chain_id)), None)


def _record(plan: Plan, images: Images) -> ImageRecord:
    return ImageRecord(
        id=plan.id,
        manifest=plan.manifest.descriptor,
        config=plan.manifest.config,
        layers=tuple(_compressed(images, blob, name) or blob for blob, name in plan.layers),
        sizes=tuple(images.layer_store.size(chain) for chain in plan.chain),
    )


def _warn_of_platform(reference: Reference, config: ImageConfig, platform: Platform | None, progress: Progress) -> None:
    """Only an index offers a choice; who asked for another platform than the one image there is has to know."""
    actual = Platform(config.os or "linux", config.architecture, config.variant)
    if platform is not None and platforms.rank(platform, actual) is None:
        progress.say(
            f"WARNING: image with reference {reference.familiar} was found but its platform ({actual}) does not match "
            f"the specified platform ({platform})"
        )
