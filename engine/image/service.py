"""The images of this engine: what the API's routes, containers and pulls ask for."""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.errors import Conflict, InvalidParameter, NotFound
from engine.events import EventBus
from engine.graphdriver.driver import GraphDriver
from engine.ids import short_id
from engine.image import filters, removal, view
from engine.image.blobs import BlobStore
from engine.image.catalog import Catalog
from engine.image.config import ImageConfig, unix_time
from engine.image.flusher import Flusher, this_boot
from engine.image.footprint import Footprint, Form
from engine.image.graph import Graph, ImageRecord, Node
from engine.image.image import Image
from engine.image.keeper import Keeper, Needed
from engine.image.layer import Layers
from engine.image.manifest import Manifest
from engine.image.reference import Reference, parse, parse_any
from engine.store import Database

_HEX: Final = re.compile(r"[0-9a-f]{1,64}")

#: Objects of the API's answers.
Rows = list[dict[str, Any]]
#: Which containers use an image: their IDs, and whether each runs.
Users = Callable[[str], Sequence[removal.User]]


class Images:
    """All images. Construct it before the event loop serves anybody: it reads the records and each image's config."""

    #: Set by the daemon, which knows the containers.
    users: Users

    def __init__(self, root: Path, database: Database, driver: GraphDriver, events: EventBus) -> None:
        self.blobs = BlobStore(root)
        self._boot = this_boot()
        self._graph = Graph(database, self.blobs, self._boot)
        self.catalog = Catalog(self._graph, self.blobs)
        self.layer_store = Layers(driver, _sizes(self._graph))
        self._keeper = Keeper(self._graph, self.layer_store, self.blobs)
        self._driver = driver
        self._events = events
        self._changing = asyncio.Lock()
        self._flusher = Flusher(self._graph, self._changing, self._sync)
        self.users = lambda _image_id: ()

    # Reading

    def get(self, ref: str) -> Image:
        """The image called `ref`: a name, a name with a digest, an ID, or the start of one.

        Raises NotFound (`No such image: …`), InvalidParameter for what can't be a name and for an ambiguous ID.
        """
        return self._image(self._find(ref))

    def list(self, wanted: filters.Filters | None = None) -> list[Image]:
        """The images that pass the filters, the newest first."""
        images = [self._image(node) for node in self._graph.nodes]
        images.sort(key=lambda image: (-unix_time(image.created), image.id))
        return filters.select(images, wanted or {}, self.get)

    def knows(self, image_id: str) -> bool:
        """Is there an image with exactly this ID?"""
        return self._graph.get(image_id) is not None

    def inspect(self, ref: str) -> dict[str, Any]:
        """Docker's inspect document."""
        image = self.get(ref)
        driver = {"Name": self._driver.name, "Data": self._driver.describe(image.layers)}
        return view.inspection(image, driver)

    def history(self, ref: str) -> Rows:
        return view.history(self.get(ref))

    def shared_size(self, image: Image) -> int:
        """The bytes of those layers that another image has too."""
        others = {layer for node in self._graph.nodes if node.record.id != image.id for layer in node.chain}
        return sum(self.layer_store.size(layer) for layer in image.layers if layer in others)

    def footprint(self) -> Footprint:
        """What all images take of the disk."""
        return Footprint.of(self._graph.nodes)

    def keeps(self, form: Form, name: str) -> bool:
        """Is this part of an image on the disk?"""
        return self._driver.has(name) if form is Form.FILES else self.blobs.has(name)

    @property
    def live_layers(self) -> set[str]:
        """The chain IDs of all layers that images need, or the build cache keeps, for the driver's sweep."""
        return self._keeper.needed()[0]

    def keep_also(self, needed: Callable[[], Needed]) -> None:
        """What `needed` names stays when no image needs it any more."""
        self._keeper.also = needed

    async def collect(self, layers: Collection[str], blobs: Collection[str]) -> None:
        """Remove those of `layers` and `blobs` that nothing needs any more."""
        await self._keeper.collect(layers, blobs)

    # Changing

    async def tag(self, ref: str, repo: str, tag: str = "") -> None:
        """Let `repo:tag` stand for the image `ref` too. Raises NotFound, and InvalidParameter for what can't be."""
        node = self._find(ref)
        name = parse(repo)
        if name.digest is not None:
            raise InvalidParameter("refusing to create a tag with a digest reference")
        if name.familiar_name == "sha256":
            raise InvalidParameter("refusing to create an ambiguous tag using digest algorithm as name")
        name = name.tagged(tag) if tag else name.with_default_tag()
        async with self._changing:
            record = msgspec.structs.replace(node.record, tagged=_now())
            await self._graph.put(record, node.document)
            await self._graph.name(name, record.id)
        self._tell("tag", record.id, name.familiar)

    async def remove(self, ref: str, *, force: bool = False) -> Rows:
        """Untag, and delete what has no name left, as `docker rmi`; returns the `Untagged` and `Deleted` rows.

        Raises NotFound, and Conflict when containers or other names stand against it.
        """
        async with self._changing:
            node = self._find(ref)
            if removal.is_id_prefix(node.record.id, ref):
                return await self._remove_by_id(node, force=force)
            return await self._remove_by_name(node, parse(ref), force=force)

    def hold(self, layers: Collection[str], blobs: Collection[str]) -> AbstractAsyncContextManager[None]:
        """Keep layers and blobs in being while a pull gathers them; what it did not turn into an image goes after."""
        return self._keeper.hold(layers, blobs)

    async def add(self, record: ImageRecord, document: ImageConfig) -> None:
        """Write down an image whose layers and blobs are all there, and held; one that is known already stays.

        It survives the engine at once, and a power loss a little later: see `flusher`.
        """
        async with self._changing:
            if self._graph.get(record.id) is None:
                await self._graph.put(msgspec.structs.replace(record, unsynced=self._boot), document)
        self._flusher.soon()

    def flush(self) -> None:
        """Bring to the disk what a former engine was about to (at start, once the event loop runs)."""
        self._flusher.soon()

    async def close(self) -> None:
        """Return when all images are on the disk."""
        await self._flusher.settle()

    async def repack(self, image_id: str, manifest: Manifest) -> None:
        """Let the image have this manifest and the layers' blobs that it names, all there and held, for its own."""
        await self._sync()
        async with self._changing:
            node = self._graph.get(image_id)
            if node is None:
                return
            record = msgspec.structs.replace(node.record, manifest=manifest.descriptor, layers=manifest.layers)
            await self._graph.put(record, node.document)
        await self._keeper.collect((), node.blobs)

    async def name(self, reference: Reference, image_id: str) -> bool:
        """Let `reference` stand for the image; False when it did already. Raises NotFound for an unknown image."""
        async with self._changing:
            if self._graph.get(image_id) is None:
                raise NotFound(f"No such image: {image_id}")
            if self._graph.named(reference) == image_id:
                return False
            await self._graph.name(reference, image_id)
            return True

    def sweep(self) -> None:
        """Delete the blobs that a dead engine left (blocking: at start, before anything is pulled)."""
        self.blobs.sweep(self._keeper.needed()[1])

    # Steps

    async def _sync(self) -> None:
        await self.layer_store.sync()
        await self.blobs.sync()

    def _find(self, ref: str) -> Node:
        asked = parse_any(ref)
        if isinstance(asked, str):
            node = self._graph.get(asked)
        else:
            exact = replace(asked, tag=None) if asked.digest else asked.with_default_tag()
            node = self._graph.get(self._graph.named(exact) or "") or self._by_prefix(ref)
        if node is None:
            raise NotFound(f"No such image: {asked if isinstance(asked, str) else asked.with_default_tag().familiar}")
        return node

    def _by_prefix(self, text: str) -> Node | None:
        prefix = text.removeprefix("sha256:")
        found = self._graph.with_prefix(prefix) if _HEX.fullmatch(prefix) else []
        if len(found) > 1:
            raise InvalidParameter(f"image ID prefix {text} is ambiguous: {', '.join(sorted(map(short_id, found)))}")
        return self._graph.get(found[0]) if found else None

    def _image(self, node: Node) -> Image:
        names = self._graph.names_of(node.record.id)
        return Image(
            id=node.record.id,
            config=node.document,
            layers=node.chain,
            size=node.size,
            repo_tags=tuple(name.familiar for name in names if name.digest is None),
            repo_digests=tuple(name.familiar for name in names if name.digest is not None),
            tagged=node.record.tagged,
            layer_sizes=node.record.sizes,
        )

    async def _remove_by_id(self, node: Node, *, force: bool) -> Rows:
        """One name, or digests of one repository, go with the image; several names want `force`."""
        names = self._graph.names_of(node.record.id)
        rows: Rows = []
        if removal.is_single(names):
            if against := removal.obstacle(self.users(node.record.id), (), force=force):
                raise against.error(node.record.id)
            rows += await self._untag(node.record.id, names)
        return rows + await self._delete(node, force=force, quiet=False)

    async def _remove_by_name(self, node: Node, name: Reference, *, force: bool) -> Rows:
        """The name goes; the image too, when it was the last one and nothing stands against it."""
        image_id = node.record.id
        using = self.users(image_id)
        if using and not force and removal.is_single(self._graph.names_of(image_id)):
            raise Conflict(
                f'conflict: unable to remove repository reference "{name.familiar}" (must force) - container '
                f"{short_id(using[0][0])} is using its referenced image {short_id(image_id)}"
            )
        stored = replace(name, tag=None) if name.digest else name.with_default_tag()
        rows = await self._untag(image_id, [stored])
        rows += await self._untag(image_id, removal.orphaned_digests(stored, self._graph.names_of(image_id)))
        if self._graph.names_of(image_id):
            return rows
        return rows + await self._delete(node, force=force, quiet=True)

    async def _untag(self, image_id: str, names: Sequence[Reference]) -> Rows:
        rows: Rows = []
        for name in names:
            await self._graph.unname(name)
            self._tell("untag", image_id, image_id)
            rows.append({"Untagged": name.familiar})
        return rows

    async def _delete(self, node: Node, *, force: bool, quiet: bool) -> Rows:
        """Delete the image and what only it needed. `quiet`: its name is gone already, so a container's use of
        it is no error; the image stays without a name."""
        image_id = node.record.id
        names = self._graph.names_of(image_id)
        if against := removal.obstacle(self.users(image_id), names, force=force):
            if quiet and against.in_use:
                return []
            raise against.error(image_id)
        rows = await self._untag(image_id, names)
        labels = self._labels(image_id)
        await self._graph.remove(image_id)
        self._events.publish("image", "delete", image_id, labels | {"name": image_id})
        gone = await self._keeper.collect(reversed(node.chain), node.blobs)
        return [*rows, {"Deleted": image_id}, *({"Deleted": layer} for layer in gone)]

    def _tell(self, action: str, image_id: str, name: str) -> None:
        self._events.publish("image", action, image_id, self._labels(image_id) | {"name": name})

    def _labels(self, image_id: str) -> dict[str, str]:
        node = self._graph.get(image_id)
        return dict(self._image(node).labels) if node else {}


def _sizes(graph: Graph) -> Mapping[str, int]:
    return {layer: size for node in graph.nodes for layer, size in zip(node.chain, node.record.sizes, strict=True)}


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
