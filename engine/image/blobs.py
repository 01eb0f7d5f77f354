"""Content-addressed files: manifests, configs and layers as the registry sent them, each named by its digest.

```
<root>/sha256/<hex>       whole and verified
<root>/ingest/<token>     on its way in, a file or a folder; what is here at start is left from a dead engine
<root>/partial/<hex>      what came of a blob before its download was cut; the next one goes on from there
```

A blob survives the engine from the moment that it has its name, and a power loss after `sync`: one flush for all blobs
and layers of an image costs a fraction of one for each. What may have lost its bytes in between is swept, with the
images that would need it (see `flusher`).
"""

import asyncio
import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from engine.errors import EngineError, InvalidParameter, NotFound
from engine.image.digest import check_digest
from engine.image.inflow import Inflow
from engine.image.threads import finish_in_thread
from engine.linux import syscalls
from engine.linux.trees import remove_tree

#: Bytes are hashed and written in pieces of about this size: the hop to a thread costs as much as hashing 100 KiB.
PIECE: Final = 1 << 20
#: How long what nobody wants is kept of a download that was cut, in seconds.
_KEEP: Final = 86_400.0


class DigestMismatch(EngineError):
    """Content that is not what its digest or size says. Trying again can help: the wire may have broken it."""

    retryable = True


class Ingest:
    """One blob on its way in. It has a name only after `commit` has found digest and size right."""

    _flags = os.O_WRONLY | os.O_EXCL

    def __init__(self, path: Path, final: Path, digest: str, size: int) -> None:
        self._path = path
        self._final = final
        self._digest = digest
        self._size = size
        self._descriptor = os.open(path, self._flags | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
        """Check digest and size, and put the blob in its place. Raises DigestMismatch."""
        await self._flush()
        if self._offset != self._size:
            raise DigestMismatch(f"{self._digest}: {self._offset} bytes were sent, its size is {self._size}")
        if (actual := f"sha256:{self._hash.hexdigest()}") != self._digest:
            raise DigestMismatch(f"{self._digest}: content does not match its digest, it is {actual}")
        # One that is there may be needed, and is on the disk: bytes that are not yet must not take its place.
        if self._final.exists():
            self._path.unlink()
        else:
            self._path.rename(self._final)

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


class Partial(Ingest):
    """A blob whose first bytes may be there already. What has come in outlives the writer, and the engine.

    A machine that went down may have lost bytes in the midst of it: `commit` finds that, and all is fetched anew.
    Its `inflow` is told of each step.
    """

    _flags = os.O_RDWR

    def __init__(self, path: Path, final: Path, digest: str, size: int, inflow: Inflow) -> None:
        super().__init__(path, final, digest, size)
        self._inflow = inflow

    async def recall(self) -> None:
        """Take in what is there."""
        self._offset = await finish_in_thread(self._hash_stored)
        if self._offset > self._size:
            await self.restart()
        self._inflow.begin(self._path)

    async def restart(self) -> None:
        self._inflow.end()
        await super().restart()

    async def commit(self) -> None:
        await super().commit()
        self._inflow.end()

    async def _flush(self) -> None:
        await super()._flush()
        self._inflow.grew()

    def close(self) -> None:
        """Let go of the file. An empty one is not kept."""
        os.close(self._descriptor)
        with contextlib.suppress(FileNotFoundError):
            if not self._path.stat().st_size:
                self._path.unlink()

    def _hash_stored(self) -> int:
        offset = 0
        while piece := os.read(self._descriptor, PIECE):
            self._hash.update(piece)
            offset += len(piece)
        return offset


class BlobStore:
    """The blobs below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._named = root / "sha256"
        self._ingest = root / "ingest"
        self._partial = root / "partial"
        self._receiving: set[str] = set()
        for folder in (root, self._named, self._ingest, self._partial):
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

    @asynccontextmanager
    async def resume(self, digest: str, size: int, inflow: Inflow) -> AsyncIterator[Partial]:
        """Take in a blob from where the last one who did was cut. No two may take in one blob at a time.

        `inflow` can be read from meanwhile. What the block does not commit stays for a day, unless the disk gave out.
        """
        await asyncio.to_thread(self._expire)
        path = self._partial / self.path(digest).name
        incoming = Partial(path, self.path(digest), digest, size, inflow)
        self._receiving.add(path.name)
        try:
            await incoming.recall()
            yield incoming
        except OSError:
            path.unlink(missing_ok=True)
            raise
        finally:
            self._receiving.remove(path.name)
            incoming.close()

    async def put(self, digest: str, data: bytes) -> None:
        """Store a small document; raises DigestMismatch when it is another's."""
        async with self.ingest(digest, len(data)) as incoming:
            await incoming.write(data)
            await incoming.commit()

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        """A folder, only root's, for bytes whose digest is not known yet; it is gone when the block is left."""
        folder = self._ingest / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            await finish_in_thread(remove_tree, folder)

    def adopt(self, path: Path, digest: str) -> None:
        """Give a file of a scratch folder its place in the store too; one that has the digest already stays.

        The caller has found the digest right, and does not write to the file any more.
        """
        with contextlib.suppress(FileExistsError):
            self.path(digest).hardlink_to(path)

    async def sync(self) -> None:
        """Return when all blobs would survive a power loss: before it is written down that something needs them."""
        await finish_in_thread(_sync, self.root)

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

    def forget_partial(self) -> int:
        """Delete what came of downloads that were cut and nobody goes on with; returns how many bytes that was."""
        forgotten = [path for path in self._partial.iterdir() if path.name not in self._receiving]
        size = sum(path.stat().st_size for path in forgotten)
        for path in forgotten:
            path.unlink()
        return size

    def _expire(self) -> None:
        """Delete what nobody has added to for a day."""
        for path in self._partial.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another's download may just have come to its end
                if path.stat().st_mtime < time.time() - _KEEP:
                    path.unlink()

    def sweep(self, live: Collection[str]) -> None:
        """Delete half-written blobs, and all that `live` does not name."""
        self._expire()
        kept = {digest.removeprefix("sha256:") for digest in live}
        for path in list(self._ingest.iterdir()):
            if path.is_dir() and not path.is_symlink():
                remove_tree(path)
            else:
                path.unlink()
        for path in self._named.iterdir():
            if path.name not in kept:
                path.unlink()


def _rewind(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _sync(root: Path) -> None:
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        syscalls.syncfs(folder)
    finally:
        os.close(folder)
