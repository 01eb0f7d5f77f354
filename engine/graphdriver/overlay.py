"""The graph driver on the kernel's overlayfs. `layout` says where things are, `driver` what is promised."""

import asyncio
import contextlib
import errno
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from engine.errors import Conflict, EngineError, NotFound, NotSupported
from engine.graphdriver.driver import Staging, Workspace
from engine.graphdriver.layout import NO_LAYER, Layout, MountPlan, layer_name
from engine.graphdriver.mounter import Mounter, mount_overlay
from engine.graphdriver.workspaces import Scaffolding, Workspaces, unmount
from engine.linux import mounts, syscalls
from engine.linux.trees import remove_tree, tree_size
from engine.store import atomic_write

#: As in Docker: 127 layers below a container's own.
MAX_LAYERS: Final = 127
_OPAQUE: Final = "trusted.overlay.opaque"


class OverlayDriver:
    """Layers and container layers below `root`; see `engine.graphdriver.driver` for each method's promise."""

    name = "overlay2"

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._layout = Layout(root.resolve())  # mountinfo names real paths
        self._layout.make()
        self._mounter = Mounter(self._layout.layers)
        self._workspaces = Workspaces(self._layout, self._mounter, lambda layers: list(self._visible(layers)))
        self._plans = dict(self._stored_plans())
        self._doomed: set[str] = set()

    def close(self) -> None:
        self._mounter.close()

    # Layers

    async def stage(self) -> Staging:
        root = self._layout.new_staging()
        root.mkdir(mode=0o755)
        root.chmod(0o755)
        return Staging(root)

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

    # Workspaces

    async def open_workspace(self, layers: Sequence[str], scaffolding: Scaffolding | None = None) -> Workspace:
        self._check("a build", layers)
        return await self._workspaces.open(layers, scaffolding)

    async def settle(self, workspace: Workspace) -> Staging:
        return await self._workspaces.settle(workspace)

    async def close_workspace(self, workspace: Workspace) -> None:
        await self._workspaces.close(workspace)

    async def sync(self) -> None:
        await asyncio.to_thread(_sync_filesystem, self._layout.layers)

    # Container layers

    async def create(self, key: str, layers: Sequence[str], *, ephemeral: bool = False) -> None:
        self._check(f"container {key}", layers)
        if key in self._plans:
            raise Conflict(f"container {key} has a container layer already")
        plan = self._plans[key] = MountPlan(tuple(layers), ephemeral)
        try:
            await self._mounter.run(lambda: self._make_container(key, plan))
        except BaseException:
            del self._plans[key]
            raise

    async def mount(self, key: str) -> Path:
        plan = self._plan(key)
        return await self._mounter.run(lambda: self._mount(key, plan))

    async def unmount(self, key: str) -> None:
        if key in self._plans:
            await self._mounter.run(lambda: unmount(self._layout.container(key) / "merged"))

    async def remove(self, key: str) -> None:
        plan = self._plans.get(key)
        await self.unmount(key)
        await asyncio.to_thread(self._discard_tree, self._layout.container(key))
        self._plans.pop(key, None)
        for layer in self._doomed.intersection(plan.layers if plan else ()):
            await self.remove_layer(layer)

    async def usage(self, key: str) -> int:
        self._plan(key)
        return await asyncio.to_thread(tree_size, self._layout.container(key) / "diff")

    def written(self, key: str) -> Path:
        self._plan(key)
        return self._layout.container(key) / "diff"

    # At start, and for people

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

    def describe(self, layers: Sequence[str], key: str | None = None) -> Mapping[str, str]:
        paths = [str(self._layout.layer(layer)) for layer in reversed(layers)]
        if key is None:
            data = {"UpperDir": paths[0]} if paths else {}
            return data | ({"LowerDir": ":".join(paths[1:])} if paths[1:] else {})
        folder = self._layout.container(key)
        own = {"MergedDir": str(folder / "merged"), "UpperDir": str(folder / "diff"), "WorkDir": str(folder / "work")}
        return {"LowerDir": ":".join(paths)} | own

    def status(self) -> Sequence[tuple[str, str]]:
        return (
            ("Backing Filesystem", _filesystem_of(self._layout.root)),
            ("Supports d_type", "true"),
            ("Using metacopy", "false"),
            ("Native Overlay Diff", "true"),
            ("userxattr", "false"),
        )

    # Steps

    def _check(self, whose: str, layers: Sequence[str]) -> None:
        if len(layers) > MAX_LAYERS:
            raise NotSupported(f"{whose}: {len(layers)} layers are more than overlayfs takes, {MAX_LAYERS}")
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

    def _make_container(self, key: str, plan: MountPlan) -> None:
        """Build it aside and rename it into place, so that it is there whole or not at all."""
        made = self._layout.new_staging()
        made.mkdir(mode=0o700)
        try:
            for name in ("diff", "work", "merged"):
                (made / name).mkdir()
            (made / "diff").chmod(0o755)  # the merged root shows this folder's mode
            atomic_write(made / "mount.json", msgspec.json.encode(plan))
            made.rename(self._layout.container(key))
        except BaseException:
            remove_tree(made)
            raise

    def _mount(self, key: str, plan: MountPlan) -> Path:
        folder = self._layout.container(key)
        merged = folder / "merged"
        if _is_mounted(merged):
            return merged
        if plan.ephemeral:
            # The kernel's mark of an unflushed earlier mount. The page cache still has all of it, unless
            # the machine went down, and then an ephemeral container's files are nobody's loss.
            remove_tree(folder / "work" / "work" / "incompat")
        base = f"../containers/{key}"
        lower = list(self._visible(plan.layers)) or [NO_LAYER]
        mount_overlay(merged, lower, f"{base}/diff", f"{base}/work", volatile=plan.ephemeral)
        return merged

    def _visible(self, layers: Sequence[str]) -> Iterator[str]:
        """Names of the layers, topmost first, down to one whose whole root hides what is below.

        The kernel heeds the opaque mark on folders below a root, not on a root itself.
        """
        for layer in reversed(layers):
            yield layer_name(layer)
            if _is_opaque(self._layout.layer(layer)):
                return

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
        return _each(unmount, stale) + _each(self._discard_tree, unknown) + _each(remove_tree, halves)


def _each(step: Callable[[Path], object], paths: Sequence[Path]) -> list[Exception]:
    failures: list[Exception] = []
    for path in paths:
        try:
            step(path)
        except (OSError, EngineError) as error:
            failures.append(error)
    return failures


def _is_mounted(merged: Path) -> bool:
    """An overlay has a device number of its own."""
    return merged.stat().st_dev != merged.parent.stat().st_dev


def _is_opaque(layer: Path) -> bool:
    try:
        return os.getxattr(layer, _OPAQUE, follow_symlinks=False) == b"y"
    except OSError as error:
        if error.errno in {errno.ENODATA, errno.ENOTSUP}:
            return False
        raise


def _sync_filesystem(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        syscalls.syncfs(descriptor)
    finally:
        os.close(descriptor)


def _filesystem_of(path: Path) -> str:
    """The type of the file system that holds `path`, in Docker's word for ext2 to ext4."""
    held = [point for point in mounts.mounted() if point.target == path or point.target in path.parents]
    kind = max(held, key=lambda point: len(point.target.parts)).fstype if held else "unknown"
    return "extfs" if kind in {"ext2", "ext3", "ext4"} else kind
