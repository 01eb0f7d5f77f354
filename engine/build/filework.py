"""Files that a build copies: from its context or a folder into a step's root, by its process of the workshop."""

import base64
import os
from collections.abc import AsyncIterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.build.workshop import Channel, opened, pour
from engine.tasks import cancel_all, spawn

#: Patterns and sources as a Dockerfile has them.
Words = Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What is copied: `words` (paths or patterns) of the folder `root`, or of the context where that is None."""

    words: Words
    root: Path | None = None
    exclude: Words = ()

    @property
    def order(self) -> dict[str, Any]:
        return {"sources": list(self.words), "exclude": list(self.exclude)}


@dataclass(frozen=True, kw_only=True)
class Look:
    """`digest`: 64 digits that stay the same as long as names, modes and contents do. `count`: how many sources were
    found, and is there just one, which is a `folder`?"""

    digest: str
    count: int
    folder: bool


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where to, and how; `owner` None keeps the sources' own. See `engine.build.worker.transfer.Target`."""

    path: str
    owner: tuple[int, int] | None = (0, 0)
    mode: str = ""
    parents: bool = False
    unpack: bool = False
    files: tuple[tuple[str, str], ...] = ()

    @property
    def order(self) -> dict[str, Any]:
        return {
            "destination": self.path,
            "owner": self.owner,
            "mode": self.mode,
            "parents": self.parents,
            "unpack": self.unpack,
            "files": self.files,
        }


@dataclass(frozen=True)
class FileWork:
    """One build's file work; each call is done by a child process and raises what that is refused with."""

    channel: Channel

    async def receive(self, tar: AsyncIterable[bytes], spool: Path) -> None:
        """Take the context in; its files' bytes go to the new file `spool`, which has no name from then on."""
        owner: set[Any] = set()
        reading, writing = os.pipe2(os.O_CLOEXEC)
        store = os.open(spool, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        spool.unlink()
        pouring = spawn(pour(tar, writing), name="receive a build context", owner=owner)
        try:
            await self.channel.order("receive", [reading, store], given=[reading])
            await pouring
        finally:
            await cancel_all(owner)
            os.close(store)

    async def ignore(self, patterns: Words) -> None:
        """Forget those files of the context that the patterns exclude."""
        await self.channel.order("ignore", patterns=list(patterns))

    async def read(self, path: str) -> bytes | None:
        """A small file of the context; None when there is none."""
        text: str | None = await self.channel.order("read", path=path)
        return None if text is None else base64.b64decode(text)

    async def look(self, sources: Sources, *, with_owners: bool) -> Look:
        """What the sources are now."""
        async with AsyncExitStack() as stack:
            folder = [await stack.enter_async_context(opened(sources.root))] if sources.root else []
            return Look(**await self.channel.order("check", folder, **sources.order, with_owners=with_owners))

    async def owner(self, chown: str, root: Path) -> tuple[int, int]:
        """The numbers that `user[:group]` stands for in the root."""
        async with opened(root) as descriptor:
            uid, gid = await self.channel.order("whose", [descriptor], chown=chown)
            return uid, gid

    async def copy(self, sources: Sources, root: Path, destination: Destination) -> None:
        """Copy into `root`, which the process makes its own first."""
        async with AsyncExitStack() as stack:
            descriptors = [await stack.enter_async_context(opened(root))]
            if sources.root is not None:
                descriptors.append(await stack.enter_async_context(opened(sources.root)))
            order = {**sources.order, **destination.order, "from_folder": sources.root is not None}
            await self.channel.order("copy", descriptors, **order)

    async def replay(self, root: Path, blob: int) -> None:
        """Apply the layer that is open at `blob` to the files of `root`."""
        async with opened(root) as descriptor:
            await self.channel.order("apply", [descriptor, blob])

    async def pack(self, root: Path, blob: int, *, has_names: bool, latest: int | None) -> dict[str, Any]:
        """Write the files below `root` as a gzipped layer to the descriptor `blob`; see `archive.pack`."""
        async with opened(root) as descriptor:
            packed: dict[str, Any] = await self.channel.order(
                "pack", [descriptor, blob], has_names=has_names, latest=latest
            )
            return packed
