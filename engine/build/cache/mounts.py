"""Cache mounts: folders that RUN steps keep things in from one build to the next (`RUN --mount=type=cache`).

```
<root>/<digest of the id>/0      the folder; 1, 2 … are those of builds that want one for themselves at the same time
```

A folder is made aside and renamed, so that it is there with its first content or not at all.
"""

import asyncio
import contextlib
import hashlib
import os
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.build.dockerfile.mount import Sharing
from engine.image.locks import NamedLocks
from engine.linux.trees import remove_tree, tree_size

#: Fills a fresh folder.
Seed = Callable[[Path], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class CacheMount:
    """One folder, for people: size in bytes, times in Unix seconds."""

    name: str
    size: int
    created: float
    used: float
    in_use: bool


@dataclass
class CacheMounts:
    """The folders below `root`."""

    root: Path
    _locks: NamedLocks = field(default_factory=NamedLocks)
    _making: NamedLocks = field(default_factory=NamedLocks)
    _users: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def use(self, identifier: str, sharing: Sharing, seed: Seed) -> AsyncIterator[Path]:
        """The folder `identifier`, for one step: with the others, alone as soon as they are done, or a free one."""
        key = hashlib.sha256(identifier.encode()).hexdigest()
        async with self._locks.hold(key) if sharing is Sharing.LOCKED else contextlib.nullcontext():
            name = self._free(key) if sharing is Sharing.PRIVATE else f"{key}/0"
            self._users[name] += 1
            try:
                yield await self._made(name, seed)
            finally:
                self._users[name] -= 1
                with contextlib.suppress(FileNotFoundError):
                    os.utime(self.root / key)

    def list(self) -> list[CacheMount]:
        """All folders (blocking: each is measured)."""
        return [self._described(path) for path in self._folders()]

    async def remove(self, name: str) -> int:
        """Remove a folder that no step uses; returns the bytes that it had, 0 where it is in use or not there."""
        path = self.root / name
        async with self._making.hold(name):
            if self._users[name] or not path.is_dir():
                return 0
            size = await asyncio.to_thread(tree_size, path)
            doomed = self.root / f".{secrets.token_hex(8)}"
            path.rename(doomed)
        await asyncio.to_thread(remove_tree, doomed)
        with contextlib.suppress(OSError):
            path.parent.rmdir()
        return size

    def sweep(self) -> None:
        """Remove what a dead engine had half made, or half removed (blocking: at start)."""
        for path in self.root.glob(".*") if self.root.is_dir() else ():
            remove_tree(path)

    def _free(self, key: str) -> str:
        number = 0
        while self._users[f"{key}/{number}"]:
            number += 1
        return f"{key}/{number}"

    async def _made(self, name: str, seed: Seed) -> Path:
        path = self.root / name
        async with self._making.hold(name):
            if path.is_dir():
                return path
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = self.root / f".{secrets.token_hex(8)}"
            fresh.mkdir()
            try:
                await seed(fresh)
            except BaseException:
                await asyncio.shield(asyncio.to_thread(remove_tree, fresh))
                raise
            fresh.rename(path)
        return path

    def _folders(self) -> Iterator[Path]:
        if self.root.is_dir():
            yield from sorted(path for path in self.root.glob("*/*") if not path.parent.name.startswith("."))

    def _described(self, path: Path) -> CacheMount:
        name = f"{path.parent.name}/{path.name}"
        info = path.parent.stat()
        created = min(info.st_ctime, info.st_mtime, time.time())
        return CacheMount(name, tree_size(path), created, info.st_mtime, self._users[name] > 0)
