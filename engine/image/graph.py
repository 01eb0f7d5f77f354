"""The graph of images and names, in memory and in the database.

An image's record and a name's record are written apart, in an order in which a crash between the two leaves a true
state: an image before its names, a name's removal before its image's.
"""

from collections.abc import Iterable, Iterator

import msgspec
import structlog

from engine.errors import EngineError
from engine.image.blobs import BlobStore
from engine.image.config import SIZE_LIMIT, ImageConfig, parse_config
from engine.image.digest import chain_ids
from engine.image.manifest import Descriptor
from engine.image.reference import Reference, parse
from engine.store import Database, Records

log = structlog.get_logger(__name__)


class ImageRecord(msgspec.Struct, frozen=True):
    """What is written down of an image.

    `manifest`: the document of the registry that it came from, kept so that a push sends the same bytes. `layers`: the
    blobs that it keeps, lowest first: the manifest's, or, for a layer that another image had brought, that image's.
    `sizes`: each layer's files in bytes. `tagged`: when a local tag was last set. `made_here`: the manifest is the
    engine's own, so it may come to name other blobs of the same layers. `unsynced`: the boot of the machine in which
    the image was written down, for as long as its files may not have reached the disk (see `flusher`).
    """

    id: str
    manifest: Descriptor
    config: Descriptor
    layers: tuple[Descriptor, ...]
    sizes: tuple[int, ...]
    tagged: str | None = None
    made_here: bool = False
    unsynced: str | None = None


class NameRecord(msgspec.Struct, frozen=True):
    """What a reference (the record's key) stands for."""

    image: str


class Node(msgspec.Struct, frozen=True):
    """An image as the graph holds it."""

    record: ImageRecord
    document: ImageConfig
    chain: tuple[str, ...]

    @property
    def size(self) -> int:
        return sum(self.record.sizes)

    @property
    def blobs(self) -> set[str]:
        """The digests of all blobs that the image keeps."""
        record = self.record
        return {record.manifest.digest, record.config.digest, *(layer.digest for layer in record.layers)}


class Graph:
    """All images by ID, and all references."""

    def __init__(self, database: Database, blobs: BlobStore, boot: str) -> None:
        self._blobs = blobs
        self._boot = boot
        self._image_records = Records(database, "image", ImageRecord)
        self._name_records = Records(database, "image-name", NameRecord)
        self._nodes = dict(self._loaded())
        self._names = {
            parse(text): record.image
            for text, record in self._name_records.load().items()
            if record.image in self._nodes
        }

    def _loaded(self) -> Iterator[tuple[str, Node]]:
        for image_id, record in self._image_records.load().items():
            if record.unsynced not in {None, self._boot}:
                log.warning(
                    "image had not reached the disk when the machine went down, and is left out", image=image_id
                )
                continue
            try:
                document = parse_config(self._blobs.read(record.config.digest, limit=SIZE_LIMIT))
            except EngineError:
                log.exception("image is damaged and left out", image=image_id)
                continue
            yield image_id, Node(record, document, chain_ids(document.rootfs.diff_ids))

    # Reading

    @property
    def nodes(self) -> Iterable[Node]:
        return tuple(self._nodes.values())

    def get(self, image_id: str) -> Node | None:
        return self._nodes.get(image_id)

    def named(self, reference: Reference) -> str | None:
        """The ID that the reference stands for."""
        return self._names.get(reference)

    def names_of(self, image_id: str) -> list[Reference]:
        """The image's references in the order of their text."""
        return sorted((name for name, image in self._names.items() if image == image_id), key=str)

    def with_prefix(self, prefix: str) -> list[str]:
        """The IDs that begin with `prefix`, which has no `sha256:`."""
        return [image_id for image_id in self._nodes if image_id.removeprefix("sha256:").startswith(prefix)]

    def live_layers(self) -> set[str]:
        return {layer for node in self._nodes.values() for layer in node.chain}

    def live_blobs(self) -> set[str]:
        return {digest for node in self._nodes.values() for digest in node.blobs}

    # Writing

    async def put(self, record: ImageRecord, document: ImageConfig) -> Node:
        await self._image_records.put(record.id, record)
        node = self._nodes[record.id] = Node(record, document, chain_ids(document.rootfs.diff_ids))
        return node

    async def remove(self, image_id: str) -> None:
        await self._image_records.delete(image_id)
        del self._nodes[image_id]

    async def name(self, reference: Reference, image_id: str) -> None:
        """Let the reference stand for the image, whatever it stood for before."""
        await self._name_records.put(str(reference), NameRecord(image_id))
        self._names[reference] = image_id

    async def unname(self, reference: Reference) -> None:
        await self._name_records.delete(str(reference))
        self._names.pop(reference, None)
