"""What a worker enters to see a container's, or a volume's, files."""

from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from engine.container.record import MountedVolume, Record

_FILES = ("resolv.conf", "hostname", "hosts")


class Bind(Struct, frozen=True, kw_only=True):
    """A mount that a stopped container would have: `subpath` is a part of `source`, followed within it alone."""

    source: str
    destination: str
    subpath: str = ""
    read_only: bool = False
    read_only_below: bool = True
    recursive: bool = True


class View(Struct, frozen=True, kw_only=True):
    """Either the mount namespace of the process behind `pidfd`, or `root` with `binds` mounted in it in their order."""

    pidfd: int | None = None
    root: str = ""
    binds: tuple[Bind, ...] = ()
    read_only: bool = False


def stopped(record: Record, root: Path, files: Path) -> View:
    """A container without a process: what it would see but for what lives in memory (tmpfs, /proc, /dev)."""
    volumes = sorted(record.mounts, key=lambda mount: mount.destination.count("/"))
    taken = {mount.destination for mount in volumes}
    own = tuple(bind for bind in _own_files(files) if bind.destination not in taken)
    mounted = tuple(_bind(mount) for mount in volumes if mount.kind in {"bind", "volume"})
    return View(root=str(root), binds=own + mounted, read_only=record.host_config.readonly_rootfs)


def _own_files(folder: Path) -> Iterator[Bind]:
    """The files that the engine writes at each start; there are none before the first."""
    for name in _FILES:
        if (folder / name).exists():
            yield Bind(source=str(folder / name), destination=f"/etc/{name}")


def _bind(mount: MountedVolume) -> Bind:
    return Bind(
        source=mount.source,
        destination=mount.destination,
        subpath=mount.subpath,
        read_only=mount.read_only,
        read_only_below=not mount.shallow_read_only,
        recursive="bind" not in mount.options,
    )
