"""Writing layers as strangers do: tar archives entry by entry, honest and hostile."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
