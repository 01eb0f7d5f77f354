"""Writing layers as strangers do: tar archives entry by entry, honest and hostile."""

import gzip
import hashlib
import io
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.graphdriver.driver import GraphDriver
from engine.image.digest import chain_ids
from engine.image.layer import LayerName, Layers

KINDS = {
    "file": tarfile.REGTYPE,
    "dir": tarfile.DIRTYPE,
    "link": tarfile.LNKTYPE,
    "symlink": tarfile.SYMTYPE,
    "chr": tarfile.CHRTYPE,
    "blk": tarfile.BLKTYPE,
    "fifo": tarfile.FIFOTYPE,
}


def entry(name: str, kind: str = "file", data: bytes = b"", **fields: Any) -> bytes:
    """One entry, with PAX records where they are needed (`pax=` adds some of one's own)."""
    info = tarfile.TarInfo(name)
    info.type = KINDS[kind]
    info.size = len(data)
    info.mode = 0o755 if kind == "dir" else 0o644
    info.pax_headers = fields.pop("pax", {})
    for key, value in fields.items():
        setattr(info, key, value)
    header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    return header + data + bytes(-len(data) % 512)


END = bytes(1024)


def archive(*entries: bytes) -> bytes:
    return b"".join(entries) + END


def aimed(hostile: bytes, victim: Path) -> bytes:
    """Put the victim's path for `{victim}` into each link name, and the checksums right again."""
    blocks = []
    for start in range(0, len(hostile), 512):
        block = bytearray(hostile[start : start + 512])
        if b"{victim}" in block:
            link = bytes(block[157:257]).rstrip(b"\0").replace(b"{victim}", os.fsencode(victim))
            assert len(link) <= 100, "a longer one would want a PAX header"
            block[157:257] = link.ljust(100, b"\0")
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
        blocks.append(bytes(block))
    return b"".join(blocks)


def from_tree(root: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(root, ".")
    return buffer.getvalue()


def diff_id(plain: bytes) -> str:
    return f"sha256:{hashlib.sha256(plain).hexdigest()}"


@dataclass
class Unpacker:
    """Unpacks archives into layers of one driver; `layer(…)` returns the layer's folder."""

    layers: Layers
    scratch: Path
    folder: Path
    progress: list[int] = field(default_factory=list)

    async def layer(self, plain: bytes, *, blob: bytes | None = None) -> Path:
        name = LayerName(diff_id(plain), diff_id(plain))
        path = self.scratch / "blob"
        path.write_bytes(gzip.compress(plain, 1) if blob is None else blob)
        before = set(self.folder.iterdir())
        await self.layers.add(name, path, self.progress.append)
        (made,) = set(self.folder.iterdir()) - before
        return made


@dataclass
class Stacker:
    """Unpacks archives into layers over each other, as one image, and shows what a container sees of them."""

    driver: GraphDriver
    layers: Layers
    scratch: Path

    async def root(self, *plain: bytes, key: str = "c") -> Path:
        """The merged root, the first archive at the bottom. Raises InvalidParameter."""
        names = [diff_id(data) for data in plain]
        chain = chain_ids(names)
        for data, chain_id, diff in zip(plain, chain, names, strict=True):
            (self.scratch / "blob").write_bytes(data)
            await self.layers.add(LayerName(chain_id, diff), self.scratch / "blob", lambda _: None)
        await self.driver.create(key, chain)
        return await self.driver.mount(key)
