"""The contract of a graph driver: layers in, a root filesystem out.

Terms
-----
*Layer*: one image layer's files, unpacked once and never changed again. Its name is its chain ID (`sha256:…`), which
stands for the layer and all below it.
*Staging*: an empty directory that a layer is unpacked into before it has a name.
*Container layer*: the writable files of one container, named by its key (the container's ID).
*Merged root*: what a container sees: its container layer over the layers that it was made from.
*Workspace*: a merged root over some layers which is there only while somebody works in it. What was written into it may
become a layer.
*Scaffold*: folders and empty files between a workspace's written files and its layers, so that something can be mounted
there: who makes a mount point in it need not write, and so nothing of it can get into a layer.

What a layer looks like on disk
-------------------------------
Files as they are, and deletions in one of two ways (`Marks`). A staging directory says which one its driver wants: not
every file system can hold overlayfs' own marks, above all none that is an overlay itself.

What a container has changed
----------------------------
`changes` lists it, `written` shows it in the form of a layer, `usage` adds up its bytes. A driver may keep these files
apart, or find them by comparing; who asks needs not know.

Where a driver works
--------------------
`fits` tries it, in a folder of its own, on the very file system: nothing else tells whether it will work there.

Lifecycle
---------
`stage` → fill it → `commit` (the layer exists, whole) or `discard`. A layer is there completely or not at all. It
survives a power loss once `sync` has returned; a caller that writes down before that it exists must not
believe so after a power loss.

`open_workspace` → work in its root → `settle`, and `commit` or `discard` what that returns → `close_workspace`.

`create` → `mount` ⇄ `unmount` → `remove`. Each may be called again after it succeeded and then changes nothing;
`create` of a key that exists is a Conflict. `mount` survives the engine: a container outlives it on its merged root.

Who cleans up
-------------
A driver undoes its own failed step before it raises. What a killed engine left (stagings, half-removed layers,
mounts and container layers of unknown keys) is removed by `sweep`, which the daemon calls once at start with what its
records still name, before anything else. A layer that containers still use outlives `remove_layer` and goes with
the last of them.

All methods may be called from the event loop; none of them blocks it. Calls for one key do not overlap: that is the
caller's business. Calls for different keys and layers may.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from engine.graphdriver.change import Change

#: As in Docker: 127 layers below a container's own. No driver takes more, so that every image runs on all of them.
MAX_LAYERS: Final = 127


class Marks(StrEnum):
    """How a layer on disk says that names of the layers below are gone."""

    #: As the kernel's overlayfs documents it: a removed name is a character device 0:0, a folder that hides the one
    #: below carries `trusted.overlay.opaque` = `y`.
    OVERLAY = "overlay"
    #: As image layers have it (OCI layer.md): an empty file `.wh.<name>` beside it, `.wh..wh..opq` in the folder.
    #: Both speak of the layers below alone; a file of the same name may stand beside its mark.
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class Staging:
    """Files that may become a layer, below `root`; deletions among them are written as `marks`."""

    root: Path
    marks: Marks


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder of the driver's own with a merged `root`. Once settled, `written` holds what was written."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "merged"

    @property
    def written(self) -> Path:
        return self.folder / "diff"


class GraphDriver(Protocol):
    """Stores layers and shows them as root filesystems; the module's text is the contract."""

    #: What `docker info` calls the storage driver.
    name: str

    async def stage(self) -> Staging:
        """Make an empty staging directory, mode 0755, owned by root."""

    async def commit(self, staging: Staging, layer: str) -> None:
        """Turn the staging directory into `layer`. Where that exists already the first one stays."""

    async def discard(self, staging: Staging) -> None:
        """Remove a staging directory and all in it."""

    def has(self, layer: str) -> bool:
        """Is the layer there?"""

    async def remove_layer(self, layer: str) -> bool:
        """Remove the layer: at once (True), or together with the last container that uses it (False)."""

    async def open_workspace(
        self, layers: Sequence[str], scaffolding: Callable[[Path, Path], None] | None = None
    ) -> Workspace:
        """A workspace over `layers` (lowest first). Raises NotFound when one is missing, NotSupported for too many.

        `scaffolding` is called, in a thread, with the merged root as it would be without a scaffold, and the folder to
        make it in.
        """

    async def settle(self, workspace: Workspace) -> Staging:
        """End the work: what was written, as a staging directory. The root is not there any more."""

    async def close_workspace(self, workspace: Workspace) -> None:
        """Unmount and remove whatever is left of the workspace. Idempotent."""

    async def sync(self) -> None:
        """Return when all committed layers would survive a power loss."""

    async def create(self, key: str, layers: Sequence[str], *, ephemeral: bool = False) -> None:
        """Make the container layer of `key` over `layers` (lowest first).

        An `ephemeral` one need not survive a power loss, which spares the flush to disk when it is unmounted: for
        containers that are removed when they end. Raises Conflict when `key` exists, NotFound when a layer
        is missing, NotSupported when there are more layers than the driver can stack.
        """

    async def mount(self, key: str) -> Path:
        """Return the merged root of `key`, mounted. Raises NotFound when there is no such container layer."""

    async def unmount(self, key: str) -> None:
        """Unmount the merged root; the container layer stays."""

    async def remove(self, key: str) -> None:
        """Unmount, and remove the container layer."""

    async def usage(self, key: str) -> int:
        """The size in bytes of the files in the container layer (Docker's SizeRw). Raises NotFound."""

    async def changes(self, key: str, *, scaffold: Collection[str] = ()) -> Sequence[Change]:
        """What the container layer changes of its layers, sorted by path. Raises NotFound.

        `scaffold`: absolute paths at which the engine makes folders and empty files to mount something there; they are
        no changes as long as they are empty.
        """

    def written(self, key: str) -> AbstractAsyncContextManager[Staging]:
        """Within the block: what was written into the container layer, in the form of a layer, to be read.

        A container may be at work in it meanwhile. Raises NotFound.
        """

    async def sweep(self, keys: Collection[str], layers: Collection[str]) -> None:
        """Remove every staging, container layer and mount not of `keys`, and every layer not of `layers`.

        Goes on past what it can't remove and raises one ExceptionGroup at the end.
        """

    def describe(self, layers: Sequence[str], key: str | None = None) -> Mapping[str, str] | None:
        """`GraphDriver.Data` of an image's, or a container's, inspect document: where things are, for people."""

    def status(self) -> Sequence[tuple[str, str]]:
        """The driver's rows in `docker info` (`DriverStatus`)."""

    def close(self) -> None:
        """Let go of what the driver holds in this process; mounts and files stay."""


class DriverKind(Protocol):
    """A driver's class, for who chooses one."""

    name: str
    #: The folder below the engine's state directory that is this driver's.
    folder: str

    def __call__(self, root: Path) -> GraphDriver:
        """The driver on `root`, which is made when it is missing."""

    def fits(self, scratch: Path) -> None:
        """Try the driver within the empty folder `scratch`. Raises NotSupported with the reason why it can't work."""
