"""The layers of an archive, unpacked while the archive comes in: what each of them is called, is known only later.

An archive names its layers at its end, so what looks like one is taken for one. What nobody asks for in the end, and
what was none, goes again.
"""

import asyncio
import re
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from engine.errors import EngineError
from engine.graphdriver.driver import MAX_LAYERS
from engine.image.inflow import Inflow
from engine.image.layer import Loose
from engine.image.service import Images
from engine.tasks import cancel_all, spawn

#: How many are unpacked at a time.
_PARALLEL: Final = 3
#: How many at all: each has open files.
_MOST: Final = 2 * MAX_LAYERS
_HEX: Final = re.compile(r"[0-9a-f]{64}")


class Early:
    """The layers of one archive on their way. Leave the block, and what was not taken is gone."""

    def __init__(self, images: Images) -> None:
        self._images = images
        self._inflows: dict[Path, Inflow] = {}
        self._unpacking: dict[Path, asyncio.Task[Loose | None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._slots = asyncio.Semaphore(_PARALLEL)

    # How the archive comes in

    def begin(self, path: Path, name: str) -> None:
        """A file that looks like a layer is being written to `path`; the archive calls it `name`."""
        if len(self._inflows) >= _MOST or self._is_known(name):
            return
        inflow = self._inflows[path] = Inflow()
        inflow.begin(path)
        self._unpacking[path] = spawn(self._unpack(inflow), name=f"unpack {name[:80]} early", owner=self._tasks)

    def grew(self, path: Path) -> None:
        if path in self._inflows:
            self._inflows[path].grew()

    def end(self, path: Path) -> None:
        """The file is whole."""
        if path in self._inflows:
            self._inflows[path].end()

    # What comes of it

    async def take(self, path: Path) -> Loose | None:
        """What the file at `path` was unpacked to, for the caller to keep or discard; None where there is nothing."""
        if path not in self._unpacking:
            return None
        unpacked = await self._unpacking[path]
        # One file may be two layers: the second has to be unpacked anew.
        return unpacked if self._unpacking.pop(path, None) is not None else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await cancel_all(self._tasks)
        for inflow in self._inflows.values():
            inflow.__exit__(None, None, None)
        for task in self._unpacking.values():
            if not task.cancelled() and (unpacked := task.result()) is not None:
                await self._images.layer_store.discard(unpacked)

    async def _unpack(self, inflow: Inflow) -> Loose | None:
        """None for what can't be unpacked: whoever unpacks it by its name will say why."""
        async with self._slots:
            try:
                return await self._images.layer_store.unpack(await inflow.path(), inflow.news)
            except (EngineError, OSError):
                return None

    def _is_known(self, name: str) -> bool:
        """Newer archives call a layer by its digest."""
        digest = _HEX.search(name)
        return digest is not None and self._images.blobs.has(f"sha256:{digest[0]}")
