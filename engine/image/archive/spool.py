"""A layer that comes as a stream of unknown content: kept as it is where it can be, and named by both its digests."""

import hashlib
import os
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Final

from engine.errors import InvalidParameter
from engine.image.archive.packing import PackedLayer
from engine.image.archive.recoding import diff_id_of, gzip_layer, is_carried
from engine.image.layer import RESERVE, SIZE_LIMIT
from engine.image.threads import finish_in_thread

_PIECE: Final = 1 << 20


async def spool(body: AsyncIterable[bytes], path: Path) -> PackedLayer:
    """Write the body to `path`, a new file of a scratch folder, and learn its names.

    One whose compression no image may carry is gzipped. Raises InvalidParameter for what is unreadable or too much.
    """
    digest, size = await write(body, path)
    if is_carried(path):
        return PackedLayer(diff_id=await diff_id_of(path), digest=digest, size=size)
    came = path.rename(path.with_suffix(".came"))
    packed = await gzip_layer(came, path)
    came.unlink()
    return packed


async def write(body: AsyncIterable[bytes], path: Path, *, limit: int = SIZE_LIMIT) -> tuple[str, int]:
    """Write the body to the new file `path`; returns its digest and its size in bytes.

    Raises InvalidParameter for more than `limit` bytes, or for more than the disk has room for.
    """
    digest, size, pending = hashlib.sha256(), 0, bytearray()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        async for piece in body:
            pending += piece
            size += len(piece)
            if len(pending) >= _PIECE:
                await finish_in_thread(_append, descriptor, digest, pending, (size, limit))
                pending = bytearray()
        await finish_in_thread(_append, descriptor, digest, pending, (size, limit))
    finally:
        os.close(descriptor)
    return f"sha256:{digest.hexdigest()}", size


def _append(descriptor: int, digest: "hashlib._Hash", data: bytearray, sizes: tuple[int, int]) -> None:
    disk = os.fstatvfs(descriptor)
    size, limit = sizes
    if size > limit or disk.f_bavail * disk.f_frsize < RESERVE + len(data):
        raise InvalidParameter(f"the archive has more than {size - len(data)} bytes, for which there is no space")
    digest.update(data)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
