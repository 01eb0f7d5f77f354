"""The two forms of an image archive: Docker's, by its `manifest.json`, and OCI's layout, by its `index.json`.

An archive that is both is read as Docker's, as Docker does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from engine.errors import InvalidParameter, NotSupported
from engine.image import platform as platforms
from engine.image.archive.arrival import Arrival, Blob, layer_type
from engine.image.archive.contents import Contents, Member
from engine.image.config import SIZE_LIMIT as CONFIG_LIMIT
from engine.image.config import parse_config
from engine.image.digest import check_digest
from engine.image.manifest import CONFIG_TYPES, SIZE_LIMIT, Descriptor, Manifest, parse_manifest
from engine.image.platform import Platform
from engine.image.reference import Reference, parse
from engine.image.unpack.errors import LayerError
from engine.image.unpack.tree import clean

T = TypeVar("T")

_NAME: Final = "io.containerd.image.name"
_REF_NAME: Final = "org.opencontainers.image.ref.name"
_ATTESTATION: Final = "vnd.docker.reference.type"
#: Indexes in indexes: real archives have one.
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """One image of an archive and the names that it is to have."""

    arrival: Arrival
    names: tuple[Reference, ...]


class _DockerImage(msgspec.Struct, rename="pascal"):
    config: str
    layers: list[str] | None = None
    repo_tags: list[str] | None = None


class _Entry(msgspec.Struct, rename="camel"):
    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    annotations: dict[str, str] | None = None


class _Layout(msgspec.Struct, rename="camel"):
    schema_version: int
    manifests: list[_Entry]


def images_in(contents: Contents, platform: Platform | None = None) -> list[Found]:
    """All images of the archive that fit `platform`, whole and checked but for their layers' own content.

    Where none is said, an image that has one platform is taken whatever that is, and of others this host's. Raises
    InvalidParameter for what is no image archive, and for a name or digest that can't be or does not fit; NotSupported
    for an image of another kind.
    """
    if contents.has("manifest.json"):
        found = [found for found in _docker(contents) if platform is None or _runs(found, platform)]
    elif contents.has("oci-layout"):
        found = list(_layout(contents, platform))
    else:
        raise InvalidParameter("invalid archive: it has neither a manifest.json nor an oci-layout")
    if not found:
        raise InvalidParameter(f"invalid archive: it holds no image for {platform or 'this platform'}")
    return found


def _docker(contents: Contents) -> Iterator[Found]:
    for entry in _decoded(contents, "manifest.json", list[_DockerImage]):
        raw = contents.read(_inside(entry.config), limit=CONFIG_LIMIT)
        layers = tuple(_blob(contents.find(_inside(name))) for name in entry.layers or ())
        yield Found(Arrival(raw, parse_config(raw), layers), tuple(_tagged(name) for name in entry.repo_tags or ()))


def _layout(contents: Contents, platform: Platform | None) -> Iterator[Found]:
    wanted = platform or platforms.host()
    by_digest: dict[str, Found] = {}
    for entry in _decoded(contents, "index.json", _Layout).manifests:
        if not _fits(entry, wanted):
            continue
        manifest = _manifest(contents, entry, wanted, _DEPTH)
        names = _names(entry.annotations or {})
        earlier = by_digest.get(manifest.descriptor.digest)
        if earlier is not None:
            by_digest[manifest.descriptor.digest] = Found(earlier.arrival, (*earlier.names, *names))
        else:
            by_digest[manifest.descriptor.digest] = Found(_from_manifest(contents, manifest), names)
    yield from (found for found in by_digest.values() if platform is None or _runs(found, platform))


def _fits(entry: _Entry, wanted: Platform) -> bool:
    """Can it be an image for that platform? What tells of an image's origin is none."""
    if _ATTESTATION in (entry.annotations or {}):
        return False
    return entry.platform is None or platforms.rank(wanted, entry.platform) is not None


def _runs(found: Found, wanted: Platform) -> bool:
    config = found.arrival.config
    return platforms.rank(wanted, Platform(config.os or "linux", config.architecture, config.variant)) is not None


def _manifest(contents: Contents, entry: _Entry | Descriptor, wanted: Platform, depth: int) -> Manifest:
    document = parse_manifest(_document(contents, entry.digest, SIZE_LIMIT), entry.media_type)
    if isinstance(document, Manifest):
        return document
    if not depth:
        raise NotSupported(f"invalid archive: more than {_DEPTH} indexes in each other")
    return _manifest(contents, document.choose(wanted), wanted, depth - 1)


def _from_manifest(contents: Contents, manifest: Manifest) -> Arrival:
    if manifest.config.media_type not in CONFIG_TYPES:
        raise InvalidParameter(f"unsupported media type {manifest.config.media_type[:120]} for an image's config")
    raw = _document(contents, manifest.config.digest, CONFIG_LIMIT)
    layers = tuple(Blob(layer, _verified(contents, layer).path) for layer in manifest.layers)
    return Arrival(raw, parse_config(raw), layers, manifest.raw)


def _document(contents: Contents, digest: str, limit: int) -> bytes:
    _member(contents, digest)
    return contents.read(_path(digest), limit=limit)


def _verified(contents: Contents, descriptor: Descriptor) -> Member:
    member = _member(contents, descriptor.digest)
    if member.size != descriptor.size:
        raise InvalidParameter(f"{descriptor.digest}: {member.size} bytes are in the archive, not {descriptor.size}")
    return member


def _member(contents: Contents, digest: str) -> Member:
    """The blob's file, which must be what its name says."""
    member = contents.find(_path(digest))
    if member.digest != digest:
        raise InvalidParameter(f"{digest}: content does not match its digest, it is {member.digest}")
    return member


def _path(digest: str) -> str:
    return "blobs/sha256/" + check_digest(digest).removeprefix("sha256:")


def _blob(member: Member) -> Blob:
    return Blob(Descriptor(layer_type(member.path), member.digest, member.size), member.path)


def _names(annotations: dict[str, str]) -> tuple[Reference, ...]:
    """The image's name where the archive has a whole one; a bare tag is none."""
    name = annotations.get(_NAME) or annotations.get(_REF_NAME, "")
    if not name or (_NAME not in annotations and "/" not in name and ":" not in name):
        return ()
    return (_tagged(name),)


def _tagged(name: str) -> Reference:
    reference = parse(name)
    if reference.digest is not None:
        raise InvalidParameter(f"invalid tag {name[:200]!r}: a digest is no tag")
    return reference.with_default_tag()


def _inside(name: str) -> str:
    """The name as the archive's files are kept by; raises InvalidParameter when it leads out of the archive."""
    try:
        return clean(name.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape").lstrip("/")
    except (LayerError, UnicodeError) as error:
        raise InvalidParameter(f"invalid archive: {name[:200]!r} leads out of it") from error


def _decoded(contents: Contents, name: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(contents.read(name, limit=SIZE_LIMIT), type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise InvalidParameter(f"invalid archive: {name}: {error}") from error
