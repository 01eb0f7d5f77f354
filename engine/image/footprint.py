"""What images take of the disk: each layer's files, and the archives that the layers came in, which a push sends again.

Docker's own store keeps no archives, so its numbers are the files alone; here they would not be true.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from engine.image.graph import Node


class Form(Enum):
    """How bytes are kept. A layer and its archive may have one name."""

    FILES = "unpacked, by chain ID"
    ARCHIVE = "as it came, by digest"


#: Bytes by form and name.
Parts = Mapping[tuple[Form, str], int]


def parts(node: Node) -> Parts:
    """All that one image needs."""
    record = node.record
    files = {(Form.FILES, layer): size for layer, size in zip(node.chain, record.sizes, strict=True)}
    blobs = (record.manifest, record.config, *record.layers)
    return files | {(Form.ARCHIVE, blob.digest): blob.size for blob in blobs}


@dataclass(frozen=True)
class Footprint:
    """What several images take together. Bytes that images share count once."""

    images: Mapping[str, Parts]

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> "Footprint":
        return cls({node.record.id: parts(node) for node in nodes})

    @property
    def parts(self) -> Parts:
        return {name: size for each in self.images.values() for name, size in each.items()}

    @property
    def total(self) -> int:
        return sum(self.parts.values())

    def size(self, image_id: str) -> int:
        return sum(self.images[image_id].values())

    def shared(self) -> Mapping[str, int]:
        """Of each image the bytes that another one needs too."""
        users = Counter(name for each in self.images.values() for name in each)
        return {
            image_id: sum(size for name, size in each.items() if users[name] > 1)
            for image_id, each in self.images.items()
        }
