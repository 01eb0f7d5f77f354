"""Images that did not come from a registry: from an archive, a container, or a bare root filesystem."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import InvalidParameter, NotSupported
from engine.graphdriver.driver import MAX_LAYERS
from engine.image.archive.early import Early
from engine.image.config import ImageConfig
from engine.image.digest import chain_ids, digest_of
from engine.image.graph import ImageRecord
from engine.image.layer import LayerName, Loose
from engine.image.manifest import OCI_MANIFEST, Descriptor
from engine.image.service import Images
from engine.tasks import cancel_all, spawn

_OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
_OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
_SUFFIXES = {b"\x1f\x8b": "+gzip", b"\x28\xb5": "+zstd"}


@dataclass(frozen=True, slots=True)
class Blob:
    """A layer's blob; `path` is where it lies, None for one that the store has."""

    descriptor: Descriptor
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An image, whole, that the store does not have yet. `layers` are lowest first.

    Without a `raw_manifest` it gets one of its own. Raises InvalidParameter when config and layers do not belong
    together.
    """

    raw_config: bytes
    config: ImageConfig
    layers: tuple[Blob, ...]
    raw_manifest: bytes | None = None

    def __post_init__(self) -> None:
        count = len(self.config.rootfs.diff_ids)
        if count != len(self.layers):
            raise InvalidParameter(
                f"invalid manifest, layers length mismatch: expected {len(self.layers)}, got {count}"
            )
        if count > MAX_LAYERS:
            raise NotSupported(f"max depth exceeded: {count} layers, at most {MAX_LAYERS} can be mounted")
        if self.config.os not in {"", "linux"}:
            raise InvalidParameter(f'image operating system "{self.config.os[:40]}" cannot be used on this platform')

    @property
    def id(self) -> str:
        return digest_of(self.raw_config)

    @property
    def chain(self) -> tuple[str, ...]:
        return chain_ids(self.config.rootfs.diff_ids)

    @property
    def config_descriptor(self) -> Descriptor:
        return Descriptor(_OCI_CONFIG, self.id, len(self.raw_config))


async def take_in(images: Images, arrival: Arrival, early: Early | None = None) -> AsyncGenerator[int, None]:
    """Store the image; yields each layer's number as soon as the layer is there. `early` may have some unpacked.

    Raises InvalidParameter for a layer that is not what the config says. Nothing stays of an image that failed.
    """
    known = [_known(images, chain) for chain in arrival.chain]
    offered = [blob.descriptor.digest for blob in (*arrival.layers, *(blob for blob in known if blob))]
    manifest = arrival.raw_manifest or oci_manifest(
        arrival.config_descriptor, [each.descriptor for each in arrival.layers]
    )
    async with images.hold(arrival.chain, [arrival.id, digest_of(manifest), *offered]):
        chosen = [_chosen(images, own, other) for own, other in zip(arrival.layers, known, strict=True)]
        tasks: set[asyncio.Task[Any]] = set()
        try:
            steps = [
                spawn(_take_layer(images, arrival, number, blob, early), name=f"layer {number}", owner=tasks)
                for number, blob in enumerate(chosen)
            ]
            for step in asyncio.as_completed(steps):
                yield await step
        finally:
            await cancel_all(tasks)
        await images.blobs.put(digest_of(manifest), manifest)
        await images.blobs.put(arrival.id, arrival.raw_config)
        await images.add(_record(images, arrival, manifest, chosen), arrival.config)


def oci_manifest(config: Descriptor, layers: list[Descriptor]) -> bytes:
    """An OCI manifest's bytes: the same for the same image, always."""
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": _pointer(config)}
    return msgspec.json.encode(document | {"layers": [_pointer(layer) for layer in layers]})


def layer_type(path: Path) -> str:
    """A layer's media type, which its first bytes tell."""
    with path.open("rb") as file:
        return _OCI_LAYER + _SUFFIXES.get(file.read(2), "")


async def _take_layer(images: Images, arrival: Arrival, number: int, blob: Blob, early: Early | None) -> int:
    digest = blob.descriptor.digest
    if blob.path is not None and not images.blobs.has(digest):
        images.blobs.adopt(blob.path, digest)
    name = LayerName(arrival.chain[number], arrival.config.rootfs.diff_ids[number])
    if early is not None and blob.path is not None:
        await _take_unpacked(images, name, await early.take(blob.path))
    await images.layer_store.add(name, images.blobs.path(digest), lambda _: None)
    return number


async def _take_unpacked(images: Images, name: LayerName, loose: Loose | None) -> None:
    """Have the layer of what is unpacked already, where that is the layer."""
    if loose is None:
        return
    try:
        if loose.diff_id == name.diff_id:
            await images.layer_store.adopt(loose.staging, name.chain_id, loose.size)
    finally:
        await images.layer_store.discard(loose)  # where it has become the layer, nothing is left to discard


def _known(images: Images, chain: str) -> Blob | None:
    """The blob that another image keeps for the same layer: one is enough."""
    blobs = images.catalog.compressed(chain) if images.layer_store.has(chain) else []
    return Blob(blobs[0]) if blobs else None


def _chosen(images: Images, own: Blob, known: Blob | None) -> Blob:
    """Looked at only while all are held: until then the other image may have gone, and its blob with it."""
    return known if known is not None and images.blobs.has(known.descriptor.digest) else own


def _record(images: Images, arrival: Arrival, manifest: bytes, layers: list[Blob]) -> ImageRecord:
    return ImageRecord(
        id=arrival.id,
        manifest=Descriptor(OCI_MANIFEST, digest_of(manifest), len(manifest)),
        config=arrival.config_descriptor,
        layers=tuple(blob.descriptor for blob in layers),
        sizes=tuple(images.layer_store.size(chain) for chain in arrival.chain),
        made_here=arrival.raw_manifest is None,
    )


def _pointer(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "digest": descriptor.digest, "size": descriptor.size}
