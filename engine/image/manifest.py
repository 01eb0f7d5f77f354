"""Manifests and indexes: Docker's schema 2 and OCI's, which differ only in media types.

A document says what it is three times: in its Content-Type, in `mediaType`, and by its fields. All must agree: one that
is a manifest to one reader and an index to another has one digest and two meanings (CVE-2021-41190).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from engine.errors import InvalidParameter, NotFound, NotSupported
from engine.graphdriver.driver import MAX_LAYERS
from engine.image import platform as platforms
from engine.image.digest import check_digest, digest_of
from engine.image.platform import Platform

#: As in the distribution project.
SIZE_LIMIT: Final = 4 << 20

DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_DOCKER_SCHEMA_1: Final = "application/vnd.docker.distribution.manifest.v1+"
MANIFEST_TYPES: Final = frozenset({DOCKER_MANIFEST, OCI_MANIFEST})
INDEX_TYPES: Final = frozenset({DOCKER_INDEX, OCI_INDEX})
#: In the order in which registries are asked.
ACCEPTED: Final = (DOCKER_MANIFEST, DOCKER_INDEX, OCI_MANIFEST, OCI_INDEX)

CONFIG_TYPES: Final = frozenset(
    {"application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"}
)
#: The compression is told from the first bytes; these say only that it is a layer.
LAYER_TYPES: Final = frozenset(
    {
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
    }
)


#: In the media types of layers that are to be had elsewhere: Docker's word, and the one that OCI had.
_FOREIGN: Final = (".foreign.", ".nondistributable.")


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A pointer to content: what it is, its digest and its size in bytes."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image: a config and the layers, lowest first. `descriptor` is the document's own, `raw` its bytes."""

    descriptor: Descriptor
    config: Descriptor
    layers: tuple[Descriptor, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class Index:
    """A choice of manifests by platform."""

    descriptor: Descriptor
    manifests: tuple[Descriptor, ...]

    def choose(self, wanted: Platform) -> Descriptor:
        """The entry that suits `wanted` best; raises NotFound in Docker's words."""
        chosen = platforms.best(wanted, (entry.platform for entry in self.manifests))
        if chosen is None:
            raise NotFound(f"no matching manifest for {wanted} in the manifest list entries")
        return self.manifests[chosen]


class _Document(msgspec.Struct, rename="camel"):
    """The union of all shapes. What must not be there is looked at, so it has a field too."""

    schema_version: int
    media_type: str = ""
    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    manifests: list[Descriptor] | None = None
    fs_layers: Any = None


_DECODER: Final = msgspec.json.Decoder(_Document)


def parse_manifest(data: bytes, content_type: str) -> Manifest | Index:
    """Read a document that a registry sent as `content_type` (empty: not told).

    Raises InvalidParameter for a malformed or two-faced document, NotSupported for one of a kind that is no image.
    """
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type.startswith(_DOCKER_SCHEMA_1):
        raise NotSupported(
            "image manifest version 2, schema 1 is not supported: push the image again in schema 2 or OCI form"
        )
    document = _decode(data)
    kind = _kind_of(document, media_type)
    descriptor = Descriptor(kind, digest_of(data), len(data))
    if kind in INDEX_TYPES:
        return Index(descriptor, _checked(document.manifests or ()))
    assert document.config is not None  # noqa: S101 - _kind_of has seen to it; for the type checker
    return Manifest(descriptor, _checked([document.config])[0], _checked_layers(document.layers or ()), data)


def _decode(data: bytes) -> _Document:
    if len(data) > SIZE_LIMIT:
        raise InvalidParameter(f"manifest is larger than {SIZE_LIMIT} bytes")
    try:
        document = _DECODER.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise InvalidParameter(f"malformed manifest: {error}") from error
    if document.schema_version != 2:
        raise NotSupported(f"manifest schema version {document.schema_version} is not supported")
    return document


def _kind_of(document: _Document, content_type: str) -> str:
    """The document's media type, once its three statements agree."""
    is_manifest = document.config is not None and document.layers is not None
    is_index = document.manifests is not None
    if is_manifest == is_index or document.fs_layers is not None or (is_index and (document.config or document.layers)):
        raise InvalidParameter("malformed manifest: must be either an image manifest or an index")
    known = INDEX_TYPES if is_index else MANIFEST_TYPES
    said = [kind for kind in (content_type, document.media_type) if kind and kind != "application/json"]
    kind = said[0] if said else (OCI_INDEX if is_index else OCI_MANIFEST)
    if kind not in known or any(other != kind for other in said):
        raise InvalidParameter(f"malformed manifest: media types {said} do not fit its fields")
    return kind


def _checked(descriptors: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    for descriptor in descriptors:
        check_digest(descriptor.digest)
        if not 0 <= descriptor.size < 1 << 63:
            raise InvalidParameter(f"malformed manifest: {descriptor.digest} has size {descriptor.size}")
    return tuple(descriptors)


def _checked_layers(layers: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    if len(layers) > MAX_LAYERS:
        raise NotSupported(f"max depth exceeded: {len(layers)} layers, at most {MAX_LAYERS} can be mounted")
    for layer in layers:
        if any(word in layer.media_type for word in _FOREIGN):
            raise NotSupported(
                f"layer {layer.digest[:80]} is foreign ({layer.media_type[:120]}): no registry has it, and this engine "
                "fetches from no other host that a manifest names"
            )
        if layer.media_type not in LAYER_TYPES:
            raise NotSupported(f"layer {layer.digest[:80]} has unsupported media type {layer.media_type[:120]!r}")
    return _checked(layers)
