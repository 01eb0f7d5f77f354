"""Merged roots for work that ends in a layer: the overlay driver's part of it.

```
<root>/staging/<token>/    diff/ (what is written), work/ (overlayfs' own), merged/ (mount point), below/ (scaffold)
```

They are stagings: what is there at a start is left from a dead engine, and goes.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.graphdriver.driver import Marks, Staging, Workspace
from engine.graphdriver.layout import NO_LAYER, Layout
from engine.graphdriver.mounter import Mounter, mount_overlay, mount_view
from engine.linux import mounts
from engine.linux.trees import remove_tree

#: What gives a new workspace its scaffold: called with the merged root without one, and the folder to fill.
Scaffolding = Callable[[Path, Path], None]


class Workspaces:
    """Opens and closes workspaces; `visible` gives a list of layers as names, topmost first."""

    def __init__(self, layout: Layout, mounter: Mounter, visible: Callable[[Sequence[str]], list[str]]) -> None:
        self._layout = layout
        self._mounter = mounter
        self._visible = visible

    async def open(self, layers: Sequence[str], scaffolding: Scaffolding | None) -> Workspace:
        workspace = Workspace(self._layout.new_staging())
        try:
            await self._mounter.run(lambda: self._open(workspace, self._visible(layers), scaffolding))
        except BaseException:
            await self.close(workspace)
            raise
        return workspace

    async def settle(self, workspace: Workspace) -> Staging:
        await self._mounter.run(lambda: mounts.detach(workspace.root))
        return Staging(workspace.written, Marks.OVERLAY)

    async def close(self, workspace: Workspace) -> None:
        await self._mounter.run(lambda: mounts.detach(workspace.root))
        await asyncio.to_thread(remove_tree, workspace.folder)

    def _open(self, workspace: Workspace, lower: list[str], scaffolding: Scaffolding | None) -> None:
        workspace.folder.mkdir(mode=0o700)
        for name in ("diff", "work", "merged", "below"):
            (workspace.folder / name).mkdir()
        workspace.written.chmod(0o755)  # the merged root shows this folder's mode
        below = workspace.folder / "below"
        if scaffolding is not None:
            mount_view(workspace.root, [*lower, NO_LAYER])
            scaffolding(workspace.root, below)
            mounts.detach(workspace.root)
            lower = [f"../staging/{workspace.folder.name}/below", *lower]
        base = f"../staging/{workspace.folder.name}"
        # Volatile: what was written is flushed with the layers, when an image or the cache has taken them up.
        mount_overlay(workspace.root, lower or [NO_LAYER], f"{base}/diff", f"{base}/work", volatile=True)
