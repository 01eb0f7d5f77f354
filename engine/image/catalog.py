"""What the store holds of its images in a registry's terms: documents, compressed layers, and where they are from."""

from engine.errors import NotFound
from engine.image.blobs import BlobStore
from engine.image.graph import Graph, ImageRecord
from engine.image.manifest import Descriptor
from engine.image.reference import Reference


class Catalog:
    """Reads the graph for those who speak to registries."""

    def __init__(self, graph: Graph, blobs: BlobStore) -> None:
        self._graph = graph
        self._blobs = blobs

    def record(self, image_id: str) -> ImageRecord:
        """What is written down of the image with exactly this ID; raises NotFound."""
        node = self._graph.get(image_id)
        if node is None:
            raise NotFound(f"No such image: {image_id}")
        return node.record

    def named(self, reference: Reference) -> str | None:
        """The ID of the image that a full reference stands for."""
        return self._graph.named(reference)

    def tags(self, repository: Reference) -> list[Reference]:
        """The tagged references with the repository's name, in the order of their text."""
        names = (name for node in self._graph.nodes for name in self._graph.names_of(node.record.id))
        return sorted((name for name in names if name.tag and name.name == repository.name), key=str)

    def compressed(self, chain_id: str) -> list[Descriptor]:
        """The blobs in the store that unpack to this layer: one, or more where images compressed it in several ways."""
        found = {
            blob.digest: blob
            for node in self._graph.nodes
            for layer, blob in zip(node.chain, node.record.layers, strict=True)
            if layer == chain_id
        }
        return [blob for blob in found.values() if self._blobs.has(blob.digest)]

    def origins(self, host: str, digest: str) -> list[str]:
        """The paths of the repositories at `host` that have the blob: an image with it was pulled or pushed there."""
        holders = (node.record.id for node in self._graph.nodes if digest in node.blobs)
        names = (name for image_id in holders for name in self._graph.names_of(image_id))
        return sorted({name.path for name in names if name.digest and name.host == host})
