"""The graph driver on the kernel's overlayfs. `layout` says where things are, `driver` what is promised."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from engine.graphdriver import overlaytrial
from engine.graphdriver.change import Change
from engine.graphdriver.driver import Marks, Staging, Workspace
from engine.graphdriver.folders import FolderDriver, filesystem_of
from engine.graphdriver.layout import NO_LAYER, MountPlan, layer_name
from engine.graphdriver.mounter import Mounter, mount_overlay
from engine.graphdriver.overlaychanges import changes
from engine.graphdriver.workspaces import Scaffolding, Workspaces
from engine.linux import mounts
from engine.linux.trees import remove_tree, tree_size
from engine.store import atomic_write

_OPAQUE: Final = "trusted.overlay.opaque"


class OverlayDriver(FolderDriver):
    """Layers are the lower folders of each container's overlay, which share every byte of them."""

    name = "overlay2"
    folder = "overlay"
    marks = Marks.OVERLAY

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._mounter = Mounter(self._layout.layers)
        self._workspaces = Workspaces(self._layout, self._mounter, lambda layers: list(self._visible(layers)))

    @classmethod
    def fits(cls, scratch: Path) -> None:
        overlaytrial.run(scratch)

    def close(self) -> None:
        self._mounter.close()

    # Workspaces

    async def open_workspace(self, layers: Sequence[str], scaffolding: Scaffolding | None = None) -> Workspace:
        self._check("a build", layers)
        return await self._workspaces.open(layers, scaffolding)

    async def settle(self, workspace: Workspace) -> Staging:
        return await self._workspaces.settle(workspace)

    async def close_workspace(self, workspace: Workspace) -> None:
        await self._workspaces.close(workspace)

    # Container layers

    async def mount(self, key: str) -> Path:
        plan = self._plan(key)
        return await self._mounter.run(lambda: self._mount(key, plan))

    async def unmount(self, key: str) -> None:
        if key in self._plans:
            await self._mounter.run(lambda: mounts.detach(self._layout.container(key) / "merged"))

    async def usage(self, key: str) -> int:
        self._plan(key)
        return await asyncio.to_thread(tree_size, self._layout.container(key) / "diff")

    async def changes(self, key: str, *, scaffold: Collection[str] = ()) -> Sequence[Change]:
        below = [self._layout.layer(layer) for layer in reversed(self._plan(key).layers)]
        return await asyncio.to_thread(changes, self._layout.container(key) / "diff", below, scaffold)

    @asynccontextmanager
    async def written(self, key: str) -> AsyncIterator[Staging]:
        self._plan(key)
        yield Staging(self._layout.container(key) / "diff", self.marks)

    # For people

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
            ("Backing Filesystem", filesystem_of(self._layout.root)),
            ("Supports d_type", "true"),
            ("Using metacopy", "false"),
            ("Native Overlay Diff", "true"),
            ("userxattr", "false"),
        )

    # Steps

    async def _make_container(self, key: str, plan: MountPlan) -> None:
        await self._mounter.run(lambda: self._build(key, plan))

    def _build(self, key: str, plan: MountPlan) -> None:
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
