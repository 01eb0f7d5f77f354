"""Trees on disk as archives: a container's layer into the blob store, a root filesystem to whoever reads."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import msgspec

from engine.errors import EngineError
from engine.graphdriver.driver import Staging
from engine.image.archive.child import child, parent

_PIECE: Final = 256 << 10
#: What the engine makes in a container's own layer so that something can be mounted there. Docker keeps these in
#: a layer of their own below the container's, which no diff shows.
SCAFFOLD: Final = (
    *("/dev", "/proc", "/sys", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/.dockerenv", "/dev/console"),
    *("/dev/pts", "/dev/shm", "/dev/mqueue"),  # noqa: S108 - names in a container
)


class PackedLayer(msgspec.Struct, frozen=True):
    """A gzipped layer: the digest of its tar, its own digest and its size in bytes."""

    diff_id: str = ""
    digest: str = ""
    size: int = 0
    error: str = ""


async def pack_layer(written: Staging, target: Path) -> PackedLayer:
    """Write what a container has written as a layer blob to the new file `target`. Raises EngineError."""
    with target.open("xb") as file:
        streams = {"stdin": asyncio.subprocess.DEVNULL, "stdout": file, "stderr": asyncio.subprocess.PIPE}
        async with child("pack", written.marks.value, str(written.root), parent(), *SCAFFOLD, **streams) as process:
            _, said = await process.communicate()
    return _outcome(said, "packing the container's layer")


async def pack_tree(root: Path) -> AsyncGenerator[bytes, None]:
    """The tree at `root` as a tar, in pieces. Raises EngineError, after any piece, when it could not be read."""
    streams = {
        "stdin": asyncio.subprocess.DEVNULL,
        "stdout": asyncio.subprocess.PIPE,
        "stderr": asyncio.subprocess.PIPE,
    }
    async with child("pack", "tree", str(root), parent(), **streams) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe; for the type checker
        assert process.stderr is not None  # noqa: S101
        while piece := await process.stdout.read(_PIECE):
            yield piece
        _outcome(await process.stderr.read(), "exporting the file system")


def decode_outcome(said: bytes, what: str) -> PackedLayer:
    """What the child said last of `what` it did, its error included. Raises EngineError when it said nothing."""
    try:
        return msgspec.json.decode(said, type=PackedLayer)
    except msgspec.DecodeError:
        raise EngineError(f"{what}: the process ended with: {said.decode(errors='replace').strip()[-400:]}") from None


def _outcome(said: bytes, what: str) -> PackedLayer:
    outcome = decode_outcome(said, what)
    if outcome.error:
        raise EngineError(f"{what}: {outcome.error}")
    return outcome
