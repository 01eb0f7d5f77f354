"""Content-addressed files: manifests, configs and layers as the registry sent them, each named by its digest.

```
<root>/sha256/<hex>       whole and verified
<root>/ingest/<token>     on its way in; what is here at start is left from a dead engine
```
"""

import asyncio
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from engine.errors import EngineError, InvalidParameter, NotFound
from engine.image.digest import check_digest
from engine.image.threads import finish_in_thread

#: Bytes are hashed and written in pieces of about this size: the hop to a thread costs as much as hashing 100 KiB.
PIECE: Final = 1 << 20


class DigestMismatch(EngineError):
    """Content that is not what its digest or size says. Trying again can help: the wire may have broken it."""

    retryable = True


class Ingest:
    """One blob on its way in. It has a name only after `commit` has found digest and size right."""

    def __init__(self, path: Path, final: Path, digest: str, size: int) -> None:
        self._path = path
        self._final = final
        self._digest = digest
        self._size = size
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._hash = hashlib.sha256()
        self._pending = bytearray()
        self._offset = 0

    @property
    def offset(self) -> int:
        """How many bytes have come in."""
        return self._offset

    async def write(self, data: bytes) -> None:
        """Take the next bytes; raises DigestMismatch when there are more than the blob's size."""
        self._offset += len(data)
        if self._offset > self._size:
            raise DigestMismatch(f"{self._digest}: more than its {self._size} bytes were sent")
        self._pending += data
        if len(self._pending) >= PIECE:
            await self._flush()

    async def restart(self) -> None:
        """Forget all bytes so far."""
        self._pending.clear()
        self._hash = hashlib.sha256()
        self._offset = 0
        await finish_in_thread(_rewind, self._descriptor)

    async def commit(self) -> None:
        """Check digest and size, and put the blob in its place, durable. Raises DigestMismatch."""
        await self._flush()
        if self._offset != self._size:
            raise DigestMismatch(f"{self._digest}: {self._offset} bytes were sent, its size is {self._size}")
        if (actual := f"sha256:{self._hash.hexdigest()}") != self._digest:
            raise DigestMismatch(f"{self._digest}: content does not match its digest, it is {actual}")
        await finish_in_thread(_settle, self._descriptor, self._path, self._final)

    def close(self) -> None:
        """Let go of the file; what was not committed is removed."""
        os.close(self._descriptor)
        self._path.unlink(missing_ok=True)

    async def _flush(self) -> None:
        data, self._pending = self._pending, bytearray()
        if data:
            await finish_in_thread(self._store, data)

    def _store(self, data: bytearray) -> None:
        self._hash.update(data)
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


class BlobStore:
    """The blobs below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._named = root / "sha256"
        self._ingest = root / "ingest"
        for folder in (root, self._named, self._ingest):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        """Where the blob is, or would be; raises InvalidParameter for what is no digest."""
        return self._named / check_digest(digest).removeprefix("sha256:")

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    @asynccontextmanager
    async def ingest(self, digest: str, size: int) -> AsyncIterator[Ingest]:
        """Take in a blob; nothing stays of one that the block does not commit."""
        incoming = Ingest(self._ingest / secrets.token_hex(8), self.path(digest), digest, size)
        try:
            yield incoming
        finally:
            incoming.close()

    async def put(self, digest: str, data: bytes) -> None:
        """Store a small document; raises DigestMismatch when it is another's."""
        async with self.ingest(digest, len(data)) as incoming:
            await incoming.write(data)
            await incoming.commit()

    def read(self, digest: str, *, limit: int) -> bytes:
        """A small document, whole; raises NotFound, or InvalidParameter when it has more than `limit` bytes."""
        try:
            with self.path(digest).open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            raise NotFound(f"blob {digest} does not exist") from None
        if len(data) > limit:
            raise InvalidParameter(f"blob {digest} has more than {limit} bytes")
        return data

    async def remove(self, digest: str) -> None:
        """Delete the blob; no error when it is not there."""
        await asyncio.to_thread(self.path(digest).unlink, missing_ok=True)

    def sweep(self, live: Collection[str]) -> None:
        """Delete half-written blobs, and all that `live` does not name."""
        kept = {digest.removeprefix("sha256:") for digest in live}
        for path in self._ingest.iterdir():
            path.unlink()
        for path in self._named.iterdir():
            if path.name not in kept:
                path.unlink()


def _rewind(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _settle(descriptor: int, path: Path, final: Path) -> None:
    os.fsync(descriptor)
    path.rename(final)
    folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
