"""New images from what is here: a container's layer on the image that it was made from, or one layer alone."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from engine import __version__
from engine.errors import NotFound
from engine.graphdriver.driver import Staging
from engine.image import platform as platforms
from engine.image.archive.arrival import Arrival, Blob, layer_type, take_in
from engine.image.archive.packing import PackedLayer, pack_layer
from engine.image.archive.spool import spool
from engine.image.config import ImageConfig, RootFS, RunConfig, Step
from engine.image.manifest import Descriptor
from engine.image.platform import Platform
from engine.image.service import Images


@dataclass(frozen=True, kw_only=True)
class Credits:
    """Who says what of a new image."""

    author: str = ""
    comment: str = ""


async def commit(
    images: Images, written: Staging, parent: str, config: RunConfig, *, credits_: Credits, created_by: str
) -> str:
    """Make an image of what a container has `written` over the image `parent`; returns its ID.

    Raises NotFound when the parent image is not there any more, with its layers' archives.
    """
    base = images.get(parent)
    record = images.catalog.record(base.id)
    async with images.hold(base.layers, [layer.digest for layer in record.layers]), images.blobs.scratch() as folder:
        if missing := next((layer for layer in record.layers if not images.blobs.has(layer.digest)), None):
            raise NotFound(f"the store has no archive {missing.digest} of image {base.id}: pull the image again")
        packed = await pack_layer(written, folder / "layer")
        document = _grown(base.config, config, packed.diff_id, credits_, created_by)
        blobs = (*(Blob(layer) for layer in record.layers), _blob(folder / "layer", packed))
        return await _take_in(images, document, blobs)


async def import_(
    images: Images, body: AsyncIterable[bytes], config: RunConfig, *, credits_: Credits, platform: Platform | None
) -> str:
    """Make an image of one layer, the tar `body` (plain, gzip or zstd); returns its ID.

    Raises InvalidParameter for what is no tar or none that may be unpacked.
    """
    host = platform or platforms.host()
    async with images.blobs.scratch() as folder:
        layer = await spool(body, folder / "layer")
        step = Step(created=_now(), comment=credits_.comment)
        document = ImageConfig(
            rootfs=RootFS("layers", [layer.diff_id]),
            architecture=host.architecture,
            os=host.os,
            variant=host.variant,
            created=step.created,
            comment=credits_.comment,
            docker_version=__version__,
            config=config,
            history=[step],
        )
        return await _take_in(images, document, (_blob(folder / "layer", layer),))


async def _take_in(images: Images, document: ImageConfig, blobs: tuple[Blob, ...]) -> str:
    raw = encode(document)
    arrival = Arrival(raw, document, blobs)
    async for _ in take_in(images, arrival):
        pass
    return arrival.id


def encode(document: ImageConfig) -> bytes:
    """The config's bytes. What it does not say is left out, but for what every reader expects to be there."""
    fields = {name: value for name, value in msgspec.to_builtins(document).items() if value not in (None, "")}
    return msgspec.json.encode(fields, order="sorted")


def _grown(base: ImageConfig, config: RunConfig, diff_id: str, credits_: Credits, created_by: str) -> ImageConfig:
    now = _now()
    step = Step(created=now, created_by=created_by, author=credits_.author, comment=credits_.comment)
    return replace(
        base,
        rootfs=RootFS("layers", [*base.rootfs.diff_ids, diff_id]),
        created=now,
        author=credits_.author,
        comment=credits_.comment,
        docker_version=__version__,
        config=config,
        history=[*(base.history or ()), step],
    )


def _blob(path: Path, packed: PackedLayer) -> Blob:
    return Blob(Descriptor(layer_type(path), packed.digest, packed.size), path)


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
