"""What an image archive holds: files by the names that it gives them, all of them data of a stranger."""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.errors import EngineError, InvalidParameter
from engine.image.archive.child import child, parent
from engine.image.archive.early import Early
from engine.image.archive.feeding import Feed, new_feed
from engine.image.layer import RESERVE, SIZE_LIMIT
from engine.tasks import cancel_all, spawn

#: Old archives link a layer to the image that has it; one link, not a chain of them.
_LINKS: Final = 4
_PIECE: Final = 64 << 10


class _Said(msgspec.Struct, frozen=True):
    files: tuple[tuple[str, int, int, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive: where it is now, its size in bytes, and the digest of those."""

    path: Path
    size: int
    digest: str


class Contents:
    """The archive's files, below `folder` under names of the engine's own."""

    def __init__(self, folder: Path, said: _Said) -> None:
        self._files = {name: Member(folder / str(number), size, digest) for name, number, size, digest in said.files}
        self._links = dict(said.links)

    def has(self, name: str) -> bool:
        return name in self._files or name in self._links

    def find(self, name: str) -> Member:
        """The file called `name` in the archive; raises InvalidParameter when there is none."""
        target = name
        for _ in range(_LINKS):
            if target not in self._links:
                break
            target = self._links[target]
        if target not in self._files:
            raise InvalidParameter(f"invalid archive: it has no file {name[:200]!r}")
        return self._files[target]

    def read(self, name: str, *, limit: int) -> bytes:
        """A small document, whole; raises InvalidParameter for one of more than `limit` bytes."""
        member = self.find(name)
        if member.size > limit:
            raise InvalidParameter(f"invalid archive: {name[:200]!r} has more than {limit} bytes")
        return member.path.read_bytes()


async def take_apart(body: AsyncIterable[bytes], folder: Path, early: Early) -> Contents:
    """Write the files of the archive `body`, of whatever compression, into `folder`; `early` is told of layers.

    Raises InvalidParameter for what is no archive or none that may be taken.
    """
    pipe = asyncio.subprocess.PIPE
    limits = (str(SIZE_LIMIT), str(RESERVE), parent())
    with new_feed() as feed:
        async with child("split", str(folder), *limits, stdin=feed.reading, stdout=pipe, stderr=pipe) as process:
            feed.hand_over()
            said, complaint = await _fed(process, feed, body, _Listener(folder, early))
    try:
        outcome = msgspec.json.decode(said, type=_Said)
    except msgspec.DecodeError:
        last = complaint.decode(errors="replace").strip()[-400:]
        raise EngineError(f"reading the archive: the process ended with: {last}") from None
    if outcome.error:
        raise InvalidParameter(f"invalid archive: {outcome.error}")
    return Contents(folder, outcome)


class _Listener:
    """Hears what the process says of the files that it writes into `folder`."""

    def __init__(self, folder: Path, early: Early) -> None:
        self._folder = folder
        self._early = early

    async def last_line(self, output: asyncio.StreamReader) -> bytes:
        """Pass on all that is said; returns what is said last, the outcome."""
        last = rest = b""
        while piece := await output.read(_PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            for last in lines:
                if last.startswith(b"["):
                    self._hear(*msgspec.json.decode(last))
        return rest or last

    def _hear(self, what: str, number: int, name: str = "") -> None:
        path = self._folder / str(number)
        match what:
            case "begin":
                self._early.begin(path, name)
            case "grew":
                self._early.grew(path)
            case "end":
                self._early.end(path)


async def _fed(
    process: asyncio.subprocess.Process, feed: Feed, body: AsyncIterable[bytes], listener: _Listener
) -> tuple[bytes, bytes]:
    """Give the process the body; returns its outcome and its complaint.

    One that has had enough does not wait for the rest.
    """
    assert process.stdout is not None  # noqa: S101 - both are pipes; for the type checker
    assert process.stderr is not None  # noqa: S101
    tasks: set[asyncio.Task[Any]] = set()
    feeding = spawn(feed.send(body), name="feed an archive", owner=tasks)
    try:
        said, complaint = await listener.last_line(process.stdout), await process.stderr.read()
    finally:
        await cancel_all(tasks)
    if not feeding.cancelled():
        feeding.result()
    return said, complaint
