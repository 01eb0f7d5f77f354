"""A layer that comes as a stream of unknown content: kept as it is, and named by both of its digests."""

import hashlib
import os
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Final

from engine.errors import InvalidParameter
from engine.image.archive.packing import PackedLayer
from engine.image.layer import RESERVE, SIZE_LIMIT
from engine.image.threads import finish_in_thread
from engine.image.unpack.errors import LayerError
from engine.image.unpack.source import Source

_PIECE: Final = 1 << 20


async def spool(body: AsyncIterable[bytes], path: Path) -> PackedLayer:
    """Write the body to `path`, then learn its names. Raises InvalidParameter for what is unreadable or too much."""
    digest, size = await write(body, path)
    try:
        diff_id = await finish_in_thread(_diff_id, path)
    except LayerError as error:
        raise InvalidParameter(f"invalid archive: {error}") from error
    return PackedLayer(diff_id=diff_id, digest=digest, size=size)


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


def _diff_id(path: Path) -> str:
    """The digest of the plain stream, which is read to its end, so that the source's own thread ends too."""
    with path.open("rb", buffering=0) as file:
        return Source(file.fileno()).drain()
