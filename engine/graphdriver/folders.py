"""What drivers share that keep each layer, and each container layer, in a folder of its own (see `layout`)."""

import asyncio
import contextlib
import errno
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from engine.errors import Conflict, EngineError, NotFound, NotSupported
from engine.graphdriver.driver import MAX_LAYERS, Marks, Staging
from engine.graphdriver.layout import NO_LAYER, Layout, MountPlan, layer_name
from engine.linux import mounts, syscalls
from engine.linux.trees import remove_tree

_DOCKERS_WORDS: Final = {"ext2": "extfs", "ext3": "extfs", "ext4": "extfs", "overlay": "overlayfs"}


class FolderDriver(ABC):
    """Layers and container layers below `root`; see `engine.graphdriver.driver` for each method's promise."""

    name: str
    folder: str
    marks: Marks

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._layout = Layout(root.resolve())  # mountinfo names real paths
        self._layout.make()
        self._plans = dict(self._stored_plans())
        self._doomed: set[str] = set()

    @abstractmethod
    async def _make_container(self, key: str, plan: MountPlan) -> None:
        """Build the container layer aside and rename it into place, so that it is there whole or not at all."""

    @abstractmethod
    async def unmount(self, key: str) -> None: ...

    # Layers

    async def stage(self) -> Staging:
        root = self._layout.new_staging()
        root.mkdir(mode=0o755)
        root.chmod(0o755)
        return Staging(root, self.marks)

    async def commit(self, staging: Staging, layer: str) -> None:
        try:
            staging.root.rename(self._layout.layer(layer))
        except OSError as error:
            if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
                raise
            await self.discard(staging)
        self._doomed.discard(layer)

    async def discard(self, staging: Staging) -> None:
        await asyncio.to_thread(remove_tree, staging.root)

    def has(self, layer: str) -> bool:
        return self._layout.layer(layer).exists()

    async def remove_layer(self, layer: str) -> bool:
        if any(layer in plan.layers for plan in self._plans.values()):
            self._doomed.add(layer)
            return False
        self._doomed.discard(layer)
        await asyncio.to_thread(self._discard_tree, self._layout.layer(layer))
        return True

    async def sync(self) -> None:
        await asyncio.to_thread(sync_filesystem, self._layout.layers)

    # Container layers

    async def create(self, key: str, layers: Sequence[str], *, ephemeral: bool = False) -> None:
        self._check(f"container {key}", layers)
        if key in self._plans:
            raise Conflict(f"container {key} has a container layer already")
        plan = self._plans[key] = MountPlan(tuple(layers), ephemeral)
        try:
            await self._make_container(key, plan)
        except BaseException:
            del self._plans[key]
            raise

    async def remove(self, key: str) -> None:
        plan = self._plans.get(key)
        await self.unmount(key)
        await asyncio.to_thread(self._discard_tree, self._layout.container(key))
        self._plans.pop(key, None)
        for layer in self._doomed.intersection(plan.layers if plan else ()):
            await self.remove_layer(layer)

    # At start

    async def sweep(self, keys: Collection[str], layers: Collection[str]) -> None:
        failures = await asyncio.to_thread(self._sweep_folders, frozenset(keys))
        self._plans = dict(self._stored_plans())
        used = {layer for plan in self._plans.values() for layer in plan.layers}
        self._doomed = used.difference(layers)
        kept = {NO_LAYER} | {layer_name(layer) for layer in used.union(layers)}
        strays = [path for path in self._layout.layers.iterdir() if path.name not in kept]
        failures += await asyncio.to_thread(_each, self._discard_tree, strays)
        if failures:
            raise ExceptionGroup(f"sweeping {self._layout.root}", failures)

    # Steps

    def _check(self, whose: str, layers: Sequence[str]) -> None:
        if len(layers) > MAX_LAYERS:
            raise NotSupported(f"{whose}: {len(layers)} layers are more than may be stacked, {MAX_LAYERS}")
        if missing := next((layer for layer in layers if not self.has(layer)), None):
            raise NotFound(f"{whose}: layer {missing} does not exist")

    def _plan(self, key: str) -> MountPlan:
        try:
            return self._plans[key]
        except KeyError:
            raise NotFound(f"container {key} has no container layer") from None

    def _stored_plans(self) -> Iterator[tuple[str, MountPlan]]:
        for path in self._layout.containers.glob("*/mount.json"):
            yield path.parent.name, msgspec.json.decode(path.read_bytes(), type=MountPlan)

    def _discard_tree(self, path: Path) -> None:
        trash = self._layout.new_trash()
        with contextlib.suppress(FileNotFoundError):
            path.rename(trash)
        remove_tree(trash)

    def _sweep_folders(self, keys: frozenset[str]) -> list[Exception]:
        unknown = [path for path in self._layout.containers.iterdir() if path.name not in keys]
        stale = [
            point.target for point in mounts.mounted_below(self._layout.root) if point.target.parent.name not in keys
        ]
        halves = [*self._layout.staging.iterdir(), *self._layout.trash.iterdir()]
        return _each(mounts.detach, stale) + _each(self._discard_tree, unknown) + _each(remove_tree, halves)


def _each(step: Callable[[Path], object], paths: Sequence[Path]) -> list[Exception]:
    failures: list[Exception] = []
    for path in paths:
        try:
            step(path)
        except (OSError, EngineError) as error:
            failures.append(error)
    return failures


def sync_filesystem(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        syscalls.syncfs(descriptor)
    finally:
        os.close(descriptor)


def filesystem_of(path: Path) -> str:
    """The type of the file system that holds `path`, in Docker's words."""
    held = [point for point in mounts.mounted() if point.target == path or point.target in path.parents]
    kind = max(held, key=lambda point: len(point.target.parts)).fstype if held else "unknown"
    return _DOCKERS_WORDS.get(kind, kind)
