"""An image store that is filled by hand, without a registry."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.events import EventBus
from engine.graphdriver.overlay import OverlayDriver
from engine.image.config import parse_config
from engine.image.digest import chain_ids, digest_of
from engine.image.graph import ImageRecord
from engine.image.layer import LayerName
from engine.image.manifest import OCI_MANIFEST, Descriptor
from engine.image.reference import parse
from engine.image.service import Images
from engine.store import Database
from tests.engine.image.archives import archive, diff_id, entry


@dataclass
class Shelf:
    """Puts images on the shelf as a pull would; `users` are the containers of each image."""

    home: Path
    database: Database
    driver: OverlayDriver
    events: EventBus = field(default_factory=EventBus)
    users: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    #: Are the images that are put there on the disk, when they have been put?
    waits: bool = True

    def __post_init__(self) -> None:
        self.images = self.reopen()

    def reopen(self) -> Images:
        """The store as a restarted engine sees it."""
        images = Images(self.home / "images", self.database, self.driver, self.events)
        images.users = lambda image_id: self.users.get(image_id, [])
        return images

    async def add(self, *names: str, layers: tuple[str, ...] = ("base",), **config: Any) -> str:
        """Put an image with one-file layers; names with `@` get the manifest's digest. Returns its ID."""
        plain = [archive(entry(name, data=name.encode())) for name in layers]
        diffs = [diff_id(data) for data in plain]
        raw = json.dumps(_CONFIG | config | {"rootfs": {"type": "layers", "diff_ids": diffs}}).encode()
        descriptors = [_descriptor(data) for data in plain]
        async with self.images.hold(chain_ids(diffs), [digest_of(raw), *(each.digest for each in descriptors)]):
            for data, descriptor in zip(plain, descriptors, strict=True):
                await self.images.blobs.put(descriptor.digest, data)
            await self.images.blobs.put(digest_of(raw), raw)
            for chain, diff, descriptor in zip(chain_ids(diffs), diffs, descriptors, strict=True):
                blob = self.images.blobs.path(descriptor.digest)
                await self.images.layer_store.add(LayerName(chain, diff), blob, lambda _: None)
            sizes = tuple(self.images.layer_store.size(chain) for chain in chain_ids(diffs))
            manifest = Descriptor(OCI_MANIFEST, digest_of(b"manifest" + raw), 1)
            record = ImageRecord(digest_of(raw), manifest, _descriptor(raw), tuple(descriptors), sizes)
            await self.images.add(record, parse_config(raw))
        if self.waits:
            await self.images.close()
        for name in names:
            bare = name.partition("@")[0]
            reference = parse(bare).pinned(manifest.digest) if "@" in name else parse(name).with_default_tag()
            await self.images.name(reference, record.id)
        return record.id

    def files(self) -> tuple[int, int]:
        """How many blobs and how many layers there are."""
        layers = [path for path in (self.home / "overlay/layers").iterdir() if path.name != "none"]
        return len(list((self.home / "images/sha256").iterdir())), len(layers)

    async def told(self) -> list[tuple[str, str, Mapping[str, str]]]:
        """The events so far."""
        async with self.events.subscribe(since=0) as events:
            self.events.close()
            return [(event.action, event.actor, event.attributes) async for event in events]


_CONFIG = {"architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z"}


def _descriptor(data: bytes) -> Descriptor:
    return Descriptor("application/octet-stream", f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))
