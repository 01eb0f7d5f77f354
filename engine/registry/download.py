"""Fetching one blob: resumed where the connection was cut, verified, and each blob once however many ask."""

import asyncio
import os
import re
from collections.abc import Sequence
from typing import Final

import aiohttp

from engine.errors import EngineError, NotFound, Unauthorized, Unavailable
from engine.image.blobs import BlobStore, DigestMismatch, Ingest
from engine.image.inflow import Inflow
from engine.image.layer import RESERVE
from engine.image.locks import NamedLocks
from engine.image.manifest import Descriptor
from engine.registry.client import RepositoryClient
from engine.registry.progress import LayerProgress
from engine.registry.retry import ATTEMPTS, PAUSE, pause_after

#: How many blobs come in at a time: Docker's own number.
PARALLEL: Final = 3
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Downloader:
    """Brings blobs into the store."""

    def __init__(self, blobs: BlobStore, *, pause: float = PAUSE) -> None:
        self._blobs = blobs
        self._pause = pause
        self._locks = NamedLocks()
        self._slots = asyncio.Semaphore(PARALLEL)

    async def fetch(
        self, clients: Sequence[RepositoryClient], blob: Descriptor, progress: LayerProgress, inflow: Inflow
    ) -> None:
        """Have the blob in the store; `inflow` can be read from meanwhile.

        Where one client's registry fails, the next one goes on: a digest is the same everywhere. What came of one that
        failed or was cancelled is kept for a day. Raises what the last client raises, DigestMismatch for content that
        is not what it should be, and EngineError when the disk has no room for it.
        """
        async with self._locks.hold(blob.digest):
            if self._blobs.has(blob.digest):
                inflow.begin(self._blobs.path(blob.digest))
                inflow.end()
                return
            if self._slots.locked():
                progress.say("Waiting")
            async with self._slots:
                self._check_room(blob)
                async with self._blobs.resume(blob.digest, blob.size, inflow) as incoming:
                    await self._fetch_from(clients, blob, incoming, progress)

    async def _fetch_from(
        self, clients: Sequence[RepositoryClient], blob: Descriptor, incoming: Ingest, progress: LayerProgress
    ) -> None:
        for client in clients[:-1]:
            try:
                return await self._fetch(client, blob, incoming, progress)
            except (Unavailable, NotFound, Unauthorized, DigestMismatch):
                continue
        return await self._fetch(clients[-1], blob, incoming, progress)

    async def _fetch(
        self, client: RepositoryClient, blob: Descriptor, incoming: Ingest, progress: LayerProgress
    ) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await _receive(client, blob, incoming, progress)
                progress.say("Verifying Checksum")
                await incoming.commit()
            except (Unavailable, DigestMismatch) as error:
                if isinstance(error, DigestMismatch):
                    await incoming.restart()
                if attempt == ATTEMPTS:
                    raise
                await pause_after(attempt, error, pause=self._pause, say=progress.say)
            else:
                return

    def _check_room(self, blob: Descriptor) -> None:
        disk = os.statvfs(self._blobs.root)
        free = disk.f_bavail * disk.f_frsize - RESERVE
        if blob.size > free:
            raise EngineError(f"no space left for {blob.digest}: it has {blob.size} bytes, {max(free, 0)} are free")


async def _receive(client: RepositoryClient, blob: Descriptor, incoming: Ingest, progress: LayerProgress) -> None:
    """Take in what is still missing. Raises Unavailable when the connection is cut before the end."""
    try:
        async with client.blob(blob.digest, incoming.offset) as response:
            if incoming.offset and not _continues(response, incoming.offset, blob.size):
                await incoming.restart()
            if response.status == 416:
                raise Unavailable(f"{response.url.host} has no bytes {incoming.offset}- of {blob.digest}")
            async for piece in response.content.iter_any():
                await incoming.write(piece)
                progress.bar("Downloading", incoming.offset, blob.size)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unavailable(f"downloading {blob.digest}: {str(error) or 'no answer in time'}") from error
    if incoming.offset < blob.size:
        raise Unavailable(f"downloading {blob.digest}: it ended after {incoming.offset} of {blob.size} bytes")


def _continues(response: aiohttp.ClientResponse, offset: int, size: int) -> bool:
    """Does the body begin at `offset`? Only a 206 that says so, of a blob of this size, is believed."""
    said = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return response.status == 206 and said is not None and int(said[1]) == offset and said[3] in {"*", str(size)}
