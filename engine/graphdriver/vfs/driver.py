"""The graph driver that needs nothing of the file system but owners, links and devices; `driver` has its promises."""

import asyncio
import fcntl
import os
import stat
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.errors import NotSupported
from engine.graphdriver.change import Change, Kind
from engine.graphdriver.driver import Marks, Staging, Workspace
from engine.graphdriver.folders import FolderDriver, filesystem_of, sync_filesystem
from engine.graphdriver.layout import MountPlan
from engine.graphdriver.vfs import child
from engine.graphdriver.vfs.copying import FICLONE
from engine.linux.trees import remove_tree
from engine.store import atomic_write

_ROOT: Final = "root"


class VfsDriver(FolderDriver):
    """Each container has a whole copy of its image; what it has written is found by comparing the two."""

    name = "vfs"
    folder = "vfs"
    marks = Marks.NAMES

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._shares_blocks = _shares_blocks(self._layout.staging)
        self._below: dict[Path, list[str]] = {}

    @classmethod
    def fits(cls, scratch: Path) -> None:
        try:
            _try(scratch)
        except OSError as error:
            where = f"{scratch.parent} ({filesystem_of(scratch)})"
            raise NotSupported(f"{where} can't hold an image's files: {error.filename}: {error.strerror}") from error

    def close(self) -> None:
        """There is nothing to let go of."""

    # Container layers

    async def mount(self, key: str) -> Path:
        self._plan(key)
        return self._layout.container(key) / _ROOT

    async def unmount(self, key: str) -> None:
        """There is no mount; the root stays where it is."""

    async def usage(self, key: str) -> int:
        size: int = await self._compared(key, "size")
        return size

    async def changes(self, key: str, *, scaffold: Collection[str] = ()) -> Sequence[Change]:
        found = await self._compared(key, "changes", scaffold=list(scaffold))
        return [Change(path, Kind(kind)) for path, kind in found]

    @asynccontextmanager
    async def written(self, key: str) -> AsyncIterator[Staging]:
        staging = await self.stage()
        try:
            await self._compared(key, "write", target=str(staging.root))
            yield staging
        finally:
            await self.discard(staging)

    # Workspaces

    async def open_workspace(
        self, layers: Sequence[str], scaffolding: Callable[[Path, Path], None] | None = None
    ) -> Workspace:
        self._check("a build", layers)
        workspace, below = Workspace(self._layout.new_staging()), self._folders(layers)
        try:
            workspace.folder.mkdir(mode=0o700)
            await self._copy(workspace.root, below)
            if scaffolding is not None:
                below = await self._scaffolded(workspace, below, scaffolding)
        except BaseException:
            await self.close_workspace(workspace)
            raise
        self._below[workspace.folder] = below
        return workspace

    async def settle(self, workspace: Workspace) -> Staging:
        workspace.written.mkdir(mode=0o755)
        workspace.written.chmod(0o755)
        below, tree, target = self._below[workspace.folder], str(workspace.root), str(workspace.written)
        await child.run("write", tree=tree, layers=below, target=target)
        await asyncio.to_thread(remove_tree, workspace.root)
        return Staging(workspace.written, self.marks)

    async def close_workspace(self, workspace: Workspace) -> None:
        self._below.pop(workspace.folder, None)
        await asyncio.to_thread(remove_tree, workspace.folder)

    # For people

    def describe(self, layers: Sequence[str], key: str | None = None) -> None:
        """Nothing, as in Docker: the folders are no part of what the driver promises."""

    def status(self) -> Sequence[tuple[str, str]]:
        shares = "true" if self._shares_blocks else "false"
        return (("Backing Filesystem", filesystem_of(self._layout.root)), ("Supports reflink", shares))

    # Steps

    async def _make_container(self, key: str, plan: MountPlan) -> None:
        made = self._layout.new_staging()
        made.mkdir(mode=0o700)
        try:
            await self._copy(made / _ROOT, self._folders(plan.layers))
            await asyncio.to_thread(self._place, made, key, plan)
        except BaseException:
            await asyncio.to_thread(remove_tree, made)
            raise

    def _place(self, made: Path, key: str, plan: MountPlan) -> None:
        atomic_write(made / "mount.json", msgspec.json.encode(plan))
        if not plan.ephemeral:
            sync_filesystem(made)
        made.rename(self._layout.container(key))

    async def _copy(self, target: Path, layers: list[str]) -> None:
        target.mkdir(mode=0o755)
        target.chmod(0o755)
        await child.run("copy", layers=layers, target=str(target))

    async def _compared(self, key: str, job: str, **arguments: Any) -> Any:
        tree, layers = await self.mount(key), self._folders(self._plan(key).layers)
        return await child.run(job, tree=str(tree), layers=layers, **arguments)

    async def _scaffolded(
        self, workspace: Workspace, below: list[str], scaffolding: Callable[[Path, Path], None]
    ) -> list[str]:
        """The scaffold is one more layer: what is copied from it is no change."""
        folder = workspace.folder / "below"
        folder.mkdir()
        await asyncio.to_thread(scaffolding, workspace.root, folder)
        await asyncio.to_thread(remove_tree, workspace.root)
        await self._copy(workspace.root, [str(folder), *below])
        return [str(folder), *below]

    def _folders(self, layers: Sequence[str]) -> list[str]:
        """Where the layers are, the topmost first."""
        return [str(self._layout.layer(layer)) for layer in reversed(layers)]


def _try(scratch: Path) -> None:
    """What images have in them, and some file systems refuse."""
    file = scratch / "file"
    file.touch()
    os.chown(file, 1, 1)
    file.chmod(0o4755)
    (scratch / "hardlink").hardlink_to(file)
    (scratch / "symlink").symlink_to("elsewhere")
    os.mknod(scratch / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    info = file.stat()
    if (info.st_uid, stat.S_IMODE(info.st_mode)) != (1, 0o4755):
        raise NotSupported(f"{filesystem_of(scratch)} does not keep owners and modes")


def _shares_blocks(folder: Path) -> bool:
    """Are copies of files made here free as long as nobody writes to them?"""
    paths = folder / "original", folder / "copy"
    try:
        paths[0].write_bytes(bytes(4096))
        with paths[0].open("rb") as original, paths[1].open("wb") as copy:
            fcntl.ioctl(copy, FICLONE, original.fileno())
    except OSError:
        return False
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    return True
