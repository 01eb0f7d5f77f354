"""Layers: from a verified blob to files that the graph driver can mount."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import msgspec

import engine
from engine.errors import EngineError, InvalidParameter
from engine.graphdriver.driver import GraphDriver, Staging
from engine.image.locks import NamedLocks
from engine.tasks import spawn

#: No layer may unpack to more: the largest in use (machine-learning toolkits) have a twentieth of it.
SIZE_LIMIT: Final = 1 << 40
#: What unpacking leaves free on the disk, in bytes: room for the engine's records and the containers' files.
RESERVE: Final = 128 << 20
#: How often the progress of an unpacking is looked at, in seconds.
_LOOK: Final = 0.2

#: How many layers are unpacked at a time, on a machine with fewer CPUs than this too.
_AT_LEAST: Final = 3

Progress = Callable[[int], None]


class Unpacked(msgspec.Struct, frozen=True):
    """What an unpacking said: the digest of the uncompressed stream and the size of its files, or an error."""

    diff_id: str = ""
    size: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class LayerName:
    """A layer's names: `chain_id` says what lies below it too, `diff_id` is the digest of its uncompressed tar."""

    chain_id: str
    diff_id: str


@dataclass(frozen=True, slots=True)
class Loose:
    """A layer that was unpacked before anybody knew its place: its diff ID, and its files' size in bytes."""

    staging: Staging
    diff_id: str
    size: int


class Layers:
    """Unpacks layers into the driver, each once however many ask for it, and a few at a time.

    More than there are CPUs may be on the way, as one of a blob that is still coming in mostly waits.
    """

    def __init__(self, driver: GraphDriver, sizes: Mapping[str, int]) -> None:
        self._driver = driver
        self._sizes = dict(sizes)
        self._locks = NamedLocks()
        self._slots = asyncio.Semaphore(max(_AT_LEAST, os.cpu_count() or 1))

    def has(self, chain_id: str) -> bool:
        return chain_id in self._sizes and self._driver.has(chain_id)

    def size(self, chain_id: str) -> int:
        """The bytes of the layer's files; KeyError for a layer that is not there."""
        return self._sizes[chain_id]

    async def add(self, layer: LayerName, blob: Path, progress: Progress, *, news: int | None = None) -> None:
        """Unpack the blob as `layer`, unless it is there by now.

        `news` is the pipe of a blob that is still coming in (see `inflow`). `progress` is told the compressed bytes
        read so far. Raises InvalidParameter when the blob is no layer or not the one that its diff ID names. Nothing
        stays of a layer that failed or was cancelled.
        """
        async with self._locks.hold(layer.chain_id), self._slots:
            if self.has(layer.chain_id):
                return
            staging = await self._driver.stage()
            try:
                size = await self._fill(staging, layer, blob, progress, news)
            except BaseException:
                await self._driver.discard(staging)
                raise
            await self._driver.commit(staging, layer.chain_id)
            self._sizes[layer.chain_id] = size

    async def unpack(self, blob: Path, news: int) -> Loose:
        """Unpack a blob that is still coming in (see `inflow`), for the caller to `adopt` or `discard`.

        Raises InvalidParameter when it is no layer.
        """
        staging = await self._driver.stage()
        try:
            outcome = await _unpack(blob, staging, lambda _: None, news)
            if outcome.error:
                raise InvalidParameter(f"failed to register layer: {outcome.error}")
        except BaseException:
            await self._driver.discard(staging)
            raise
        return Loose(staging, outcome.diff_id, outcome.size)

    async def discard(self, loose: Loose) -> None:
        await self._driver.discard(loose.staging)

    async def adopt(self, staging: Staging, chain_id: str, size: int) -> None:
        """Make a layer of what was made here, or unpacked before it had a name; `size` is the bytes of its files."""
        async with self._locks.hold(chain_id):
            if self.has(chain_id):
                await self._driver.discard(staging)
                return
            await self._driver.commit(staging, chain_id)
            self._sizes[chain_id] = size

    def know(self, chain_id: str, size: int) -> None:
        """The layer may be there without an image: this is its size then."""
        self._sizes.setdefault(chain_id, size)

    async def remove(self, chain_id: str) -> bool:
        """Forget the layer; False when its files stay until the last container that uses them goes."""
        self._sizes.pop(chain_id, None)
        return await self._driver.remove_layer(chain_id)

    async def sync(self) -> None:
        """Return when all layers would survive a power loss."""
        await self._driver.sync()

    async def _fill(self, staging: Staging, layer: LayerName, blob: Path, progress: Progress, news: int | None) -> int:
        outcome = await _unpack(blob, staging, progress, news)
        if outcome.error:
            raise InvalidParameter(f"failed to register layer {layer.diff_id}: {outcome.error}")
        if outcome.diff_id != layer.diff_id:
            raise InvalidParameter(f"failed to register layer: it is {outcome.diff_id}, not {layer.diff_id}")
        return outcome.size


async def _unpack(blob: Path, staging: Staging, progress: Progress, news: int | None) -> Unpacked:
    with blob.open("rb", buffering=0) as file:
        process = await _start(file, staging, news)
        teller = spawn(_tell(file, progress), name=f"progress of {blob.name}", owner=set())
        try:
            said, complaint = await process.communicate()
        finally:
            teller.cancel()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    try:
        return msgspec.json.decode(said, type=Unpacked)
    except msgspec.DecodeError:
        last = complaint.decode(errors="replace").strip()[-400:]
        raise EngineError(f"unpacking {blob.name}: the process ended with {process.returncode}: {last}") from None


async def _start(file: IO[bytes], staging: Staging, news: int | None) -> asyncio.subprocess.Process:
    """The confined child; see `engine.image.unpack`. Its environment holds nothing but the way to the code."""
    how = [str(staging.root), staging.marks.value, str(SIZE_LIMIT), str(RESERVE), str(os.getpid())]
    how += [] if news is None else [str(news)]
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-s", "-B", "-m", "engine.image.unpack", *how),
        stdin=file,
        pass_fds=() if news is None else (news,),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PYTHONPATH": str(Path(engine.__file__).parent.parent), "LC_ALL": "C.UTF-8"},
        cwd="/",
    )


async def _tell(file: IO[bytes], progress: Progress) -> None:
    """Say how far the child has read: it shares the file's offset."""
    while True:
        await asyncio.sleep(_LOOK)
        progress(file.tell())
