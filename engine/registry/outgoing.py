"""The manifest that a push sends: the one that the image came with, or one that names the layers as they are sent."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from engine.errors import EngineError
from engine.image.blobs import BlobStore
from engine.image.graph import ImageRecord
from engine.image.manifest import DOCKER_MANIFEST, OCI_MANIFEST, SIZE_LIMIT, Descriptor, Manifest, parse_manifest

_DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
#: A layer's media types by the manifest's: with a compression's name after them, or without.
_PREFIX: Final = {
    DOCKER_MANIFEST: ("application/vnd.docker.image.rootfs.diff.tar", "."),
    OCI_MANIFEST: ("application/vnd.oci.image.layer.v1.tar", "+"),
}


def manifest_of(record: ImageRecord, blobs: BlobStore) -> Manifest:
    """The image's own manifest; for an image that was made here without one, Docker's schema 2."""
    if blobs.has(record.manifest.digest):
        found = parse_manifest(blobs.read(record.manifest.digest, limit=SIZE_LIMIT), record.manifest.media_type)
        if isinstance(found, Manifest):
            return found
    config = Descriptor(_DOCKER_CONFIG, record.config.digest, record.config.size)
    document = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": _said(config)}
    return _made(document, record.layers, DOCKER_MANIFEST)


def with_layers(manifest: Manifest, layers: Sequence[Descriptor]) -> Manifest:
    """The manifest with these layers in place of its own; the very same where they are its own."""
    if [layer.digest for layer in layers] == [layer.digest for layer in manifest.layers]:
        return manifest
    return _made(msgspec.json.decode(manifest.raw), layers, manifest.descriptor.media_type)


def _made(document: dict[str, Any], layers: Sequence[Descriptor], media_type: str) -> Manifest:
    document["layers"] = [_said(_in_family(layer, media_type)) for layer in layers]
    made = parse_manifest(msgspec.json.encode(document), media_type)
    if not isinstance(made, Manifest):
        raise EngineError(f"a manifest was to be made, and an index came out: {made.descriptor.digest}")
    return made


def _in_family(layer: Descriptor, media_type: str) -> Descriptor:
    """The layer under the name that its compression has in manifests of this type."""
    compression = next((name for name in ("gzip", "zstd") if layer.media_type.endswith(name)), "")
    prefix, mark = _PREFIX[media_type]
    return Descriptor(prefix + (mark + compression if compression else ""), layer.digest, layer.size)


def _said(descriptor: Descriptor) -> dict[str, Any]:
    return {"mediaType": descriptor.media_type, "size": descriptor.size, "digest": descriptor.digest}
