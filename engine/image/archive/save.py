"""`docker save`: images as one tar that is an OCI layout and Docker's own archive at once.

Blobs are written as the store has them, so an image that was pulled keeps its layers' digests; only one whose
documents are Docker's gets an OCI manifest beside them.
"""

import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.errors import NotFound
from engine.image import platform as platforms
from engine.image.archive.arrival import layer_type, oci_manifest
from engine.image.archive.tarout import END, file_header, filler, folder_header
from engine.image.digest import digest_of
from engine.image.image import Image
from engine.image.manifest import OCI_INDEX, OCI_MANIFEST, SIZE_LIMIT, Descriptor
from engine.image.platform import Platform
from engine.image.reference import Reference, parse_any
from engine.image.service import Images
from engine.image.threads import finish_in_thread

_PIECE: Final = 1 << 20
_OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True, slots=True)
class Saved:
    """One image on its way out: its documents, its layers' blobs (lowest first), and the names that go with it."""

    manifest: bytes
    config: Descriptor
    layers: tuple[Descriptor, ...]
    names: tuple[Reference, ...]


async def save(images: Images, names: Sequence[str], platform: Platform | None = None) -> AsyncGenerator[bytes, None]:
    """The archive of the images called `names`, in pieces. Raises NotFound, and nothing more after the first piece.

    All of them must run on `platform`, where that is said. A name takes itself along, an ID no name, and a repository's
    bare name all of its tags.
    """
    wanted = _wanted(images, names)
    for image, tags in wanted:
        platforms.require(platform, image.platform, tags[0].familiar if tags else image.id)
    async with AsyncExitStack() as stack:
        for image, _ in wanted:
            record = images.catalog.record(image.id)
            held = {record.manifest.digest, record.config.digest, *(layer.digest for layer in record.layers)}
            await stack.enter_async_context(images.hold(image.layers, held))
        saved = [_saved(images, image, tags) for image, tags in wanted]
        yield b"".join(folder_header(name) for name in ("blobs", "blobs/sha256"))
        for digest in dict.fromkeys(_blobs(saved)):
            async for piece in _file(f"blobs/{digest.replace(':', '/')}", images.blobs.path(digest)):
                yield piece
        for name, data in _documents(saved):
            yield file_header(name, len(data)) + data + filler(len(data))
        yield END


def _wanted(images: Images, names: Sequence[str]) -> list[tuple[Image, list[Reference]]]:
    """Each image once, with its names in the order in which they were asked for."""
    found: dict[str, tuple[Image, list[Reference]]] = {}
    for image, tag in (each for name in names for each in _asked(images, name)):
        _, known = found.setdefault(image.id, (image, []))
        if tag is not None and tag not in known:
            known.append(tag)
    return list(found.values())


def _asked(images: Images, name: str) -> list[tuple[Image, Reference | None]]:
    reference = parse_any(name)
    if isinstance(reference, str) or reference.digest:
        return [(images.get(name), None)]
    tags = [reference] if reference.tag else images.catalog.tags(reference)
    if tags and images.catalog.named(tags[0]):
        return [(images.get(str(tag)), tag) for tag in tags]
    return [(images.get(name), None)]  # an ID, or the start of one


def _saved(images: Images, image: Image, tags: list[Reference]) -> Saved:
    record = images.catalog.record(image.id)
    layers = tuple(_layer(images, chain, blob) for chain, blob in zip(image.layers, record.layers, strict=True))
    config = Descriptor(_OCI_CONFIG, record.config.digest, record.config.size)
    if (
        record.manifest.media_type == OCI_MANIFEST
        and layers == record.layers
        and images.blobs.has(record.manifest.digest)
    ):
        manifest = images.blobs.read(record.manifest.digest, limit=SIZE_LIMIT)
    else:
        manifest = oci_manifest(config, list(layers))
    return Saved(manifest, config, layers, tuple(tags))


def _layer(images: Images, chain: str, recorded: Descriptor) -> Descriptor:
    """The layer's blob, or the one that another image has brought for the same layer. Raises NotFound."""
    if images.blobs.has(recorded.digest):
        blob = recorded
    elif found := images.catalog.compressed(chain):
        blob = found[0]
    else:
        raise NotFound(f"the store has no archive of layer {chain}: pull the image again")
    if blob.media_type.startswith("application/vnd.oci."):
        return blob
    return Descriptor(layer_type(images.blobs.path(blob.digest)), blob.digest, blob.size)


def _blobs(saved: Sequence[Saved]) -> Iterator[str]:
    for image in saved:
        yield from (layer.digest for layer in image.layers)
        yield image.config.digest


def _documents(saved: Sequence[Saved]) -> Iterator[tuple[str, bytes]]:
    for data in dict.fromkeys(image.manifest for image in saved):
        yield _path(digest_of(data)), data
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [row for each in saved for row in _rows(each)]}
    yield "index.json", msgspec.json.encode(index)
    yield "manifest.json", msgspec.json.encode([_docker_row(image) for image in saved])
    yield "oci-layout", b'{"imageLayoutVersion":"1.0.0"}'
    if repositories := _repositories(saved):
        yield "repositories", msgspec.json.encode(repositories)


def _rows(image: Saved) -> Iterator[dict[str, Any]]:
    row = {"mediaType": OCI_MANIFEST, "digest": digest_of(image.manifest), "size": len(image.manifest)}
    for name in image.names:
        annotations = {"io.containerd.image.name": str(name), "org.opencontainers.image.ref.name": name.tag}
        yield row | {"annotations": annotations}
    if not image.names:
        yield row


def _docker_row(image: Saved) -> dict[str, Any]:
    return {
        "Config": _path(image.config.digest),
        "RepoTags": [name.familiar for name in image.names] or None,
        "Layers": [_path(layer.digest) for layer in image.layers],
    }


def _repositories(saved: Sequence[Saved]) -> dict[str, dict[str, str]]:
    """What clients before Docker 1.10 read: each tag's topmost layer."""
    table: dict[str, dict[str, str]] = {}
    for image in saved:
        for name in image.names if image.layers else ():
            top = image.layers[-1].digest.removeprefix("sha256:")
            table.setdefault(name.familiar_name, {})[name.tag or ""] = top
    return table


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


async def _file(name: str, path: Path) -> AsyncGenerator[bytes, None]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        yield file_header(name, size)
        for _ in range(0, size, _PIECE):
            yield await finish_in_thread(os.read, descriptor, _PIECE)
        yield filler(size)
    finally:
        os.close(descriptor)
