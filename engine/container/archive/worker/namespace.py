"""Entering a container's view of its files: its own mounts when it runs, the same mounts made anew when it does not.

Either way the process ends in a mount namespace of its own in which the host's file system is not mounted at all. All
in it is nodev, nosuid and noexec, so that a file which becomes a device at the wrong moment can't be opened as one.
"""

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.container import rootfs
from engine.linux import syscalls


def enter_running(pidfd: int) -> None:
    """Take a copy of the mount namespace of the process. Its root becomes this process'."""
    syscalls.setns(pidfd, syscalls.CLONE_NEWNS)
    os.close(pidfd)
    syscalls.unshare(syscalls.CLONE_NEWNS)
    _guard()


def enter_stopped(root: Path, binds: Sequence[Mapping[str, Any]], *, read_only: bool) -> None:
    """Make `root` the only mount, and in it the `binds` (see `archive.view`), in their order."""
    syscalls.unshare(syscalls.CLONE_NEWNS)
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_PRIVATE)
    syscalls.mount(str(root), root, flags=syscalls.MS_BIND | syscalls.MS_REC)
    for bind in binds:
        _bind(root, bind)
    if read_only:
        syscalls.mount_setattr(root, set_=syscalls.MOUNT_ATTR_RDONLY)
    os.chdir(root)
    syscalls.pivot_root(".", ".")
    syscalls.umount(".", syscalls.MNT_DETACH)
    _guard()


def _guard() -> None:
    os.chroot(".")
    os.chdir("/")
    guards = syscalls.MOUNT_ATTR_NODEV | syscalls.MOUNT_ATTR_NOSUID | syscalls.MOUNT_ATTR_NOEXEC
    syscalls.mount_setattr("/", set_=guards, propagation=syscalls.MS_PRIVATE, recursively=True)


def _bind(root: Path, bind: Mapping[str, Any]) -> None:
    """The target is held open as the kernel resolved it within the root: no link moves the mount elsewhere."""
    recursion = syscalls.MS_REC if bind["recursive"] else 0
    with _source(bind) as source, contextlib.ExitStack() as opened:
        _make_target(root, bind["destination"], is_folder=os.path.isdir(source))  # noqa: PTH112
        target = opened.enter_context(rootfs.opened(root, bind["destination"]))
        syscalls.mount(source, f"/proc/self/fd/{target}", flags=syscalls.MS_BIND | recursion)
        if bind["read_only"]:
            mounted = opened.enter_context(rootfs.opened(root, bind["destination"]))
            path = f"/proc/self/fd/{mounted}"
            syscalls.mount_setattr(path, set_=syscalls.MOUNT_ATTR_RDONLY, recursively=bind["read_only_below"])


@contextlib.contextmanager
def _source(bind: Mapping[str, Any]) -> Iterator[str]:
    """What is mounted, as a path on the host; a part of a volume is held open as the kernel found it in the volume."""
    if not bind["subpath"]:
        yield bind["source"]
        return
    with rootfs.opened(Path(bind["source"]), bind["subpath"]) as part:
        yield f"/proc/self/fd/{part}"


def _make_target(root: Path, destination: str, *, is_folder: bool) -> None:
    """A mount needs something to cover; a container that never ran may lack it. As the runtime would make it."""
    try:
        with rootfs.opened(root, destination):
            return
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
    if is_folder:
        rootfs.make_directory(root, destination)
        return
    parent, _, name = destination.rpartition("/")
    rootfs.make_directory(root, parent or "/")
    with rootfs.opened(root, parent or "/") as folder:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=folder))
