"""Image archives written by hand: honest ones, and those that a stranger might send."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from engine.image.archive.load import load
from engine.image.archive.save import save
from tests.engine.image.archives import archive, entry
from tests.engine.image.shelf import Shelf

LAYER = archive(entry("hello", data=b"hello"))
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def config(*layers: bytes, **fields: Any) -> bytes:
    diffs = [f"sha256:{sha(layer)}" for layer in layers or (LAYER,)]
    return json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diffs}} | fields
    ).encode()


def docker(
    files: Mapping[str, bytes] | None = None,
    *,
    row: Mapping[str, Any] | None = None,
    more: bytes = b"",
    raw: bytes = b"",
) -> bytes:
    """An archive in Docker's form with one image; `row` overrules its line of the manifest, `more` are entries."""
    document = raw or config()
    line = {"Config": "c.json", "RepoTags": ["app:1"], "Layers": ["l/layer.tar"]} | dict(row or {})
    held = {"c.json": document, "l/layer.tar": LAYER, "manifest.json": json.dumps([line]).encode()} | dict(files or {})
    return archive(*(entry(name, data=data) for name, data in held.items()), more)


def descriptor(media_type: str, data: bytes, **fields: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{sha(data)}", "size": len(data)} | fields


def manifest(**fields: Any) -> bytes:
    document = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": descriptor(CONFIG_TYPE, config())}
    return json.dumps(document | {"layers": [descriptor(LAYER_TYPE, LAYER)]} | fields).encode()


def layout(*top: dict[str, Any], blobs: tuple[bytes, ...] = (), files: Mapping[str, bytes] | None = None) -> bytes:
    """An OCI layout that holds LAYER, its config and `blobs`, with `top` as the entries of its index."""
    held = {f"blobs/sha256/{sha(data)}": data for data in (LAYER, config(), *blobs)} | dict(files or {})
    held["index.json"] = json.dumps({"schemaVersion": 2, "manifests": list(top)}).encode()
    held["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    return archive(*(entry(name, data=data) for name, data in held.items()))


async def pieces(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def loaded(shelf: Shelf, data: bytes, *, quiet: bool = True) -> list[dict[str, Any]]:
    return [message async for message in load(shelf.images, shelf.events, pieces(data), quiet=quiet)]


async def saved(shelf: Shelf, *names: str) -> bytes:
    return b"".join([piece async for piece in save(shelf.images, names)])
