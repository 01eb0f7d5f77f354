"""Does the kernel mount overlays over this file system, and does it keep what they need?

Only trying tells: overlayfs wants a file system that is none itself, with whiteouts (character devices 0:0), `trusted.`
attributes, and file types in its folders' lists (XFS may be made without).
"""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.errors import NotSupported
from engine.graphdriver.folders import filesystem_of
from engine.graphdriver.mounter import mount_overlay
from engine.linux import syscalls


def run(scratch: Path) -> None:
    """Work on an overlay within the empty folder `scratch`; raises NotSupported.

    It is mounted where nobody else sees it: in a mount namespace that is gone, mount and all, with its only thread.
    """
    with ThreadPoolExecutor(1) as thread:
        try:
            thread.submit(_try, scratch).result()
        except OSError as error:
            where = f"{scratch.parent} ({filesystem_of(scratch)})"
            raise NotSupported(f"overlayfs does not work on {where}: {error.filename}: {error.strerror}") from error


def _try(scratch: Path) -> None:
    syscalls.unshare(syscalls.CLONE_FS | syscalls.CLONE_NEWNS)
    syscalls.mount("", "/", flags=syscalls.MS_REC | syscalls.MS_SLAVE)
    lower, upper, work, merged = (scratch / name for name in ("lower", "upper", "work", "merged"))
    for folder in (lower / "folder", upper, work, merged):
        folder.mkdir(parents=True)
    (lower / "file").touch()
    mount_overlay(merged, [str(lower)], str(upper), str(work), volatile=False)
    try:
        (merged / "file").unlink()
        (merged / "folder").rmdir()
        (merged / "folder").mkdir()
    finally:
        syscalls.umount(merged)
    _check(upper)


def _check(upper: Path) -> None:
    """The kernel has left its marks, and folders' lists tell what they list."""
    if not stat.S_ISCHR((upper / "file").lstat().st_mode):
        raise NotSupported(f"overlayfs leaves no whiteouts on {filesystem_of(upper)}")
    if os.getxattr(upper / "folder", "trusted.overlay.opaque") != b"y":
        raise NotSupported(f"overlayfs leaves no attributes on {filesystem_of(upper)}")
    with os.scandir(upper) as entries:
        listed = {entry.name: entry for entry in entries}
    (upper / "folder").rmdir()  # from here on only the list itself knows that it was a folder
    if not listed["folder"].is_dir(follow_symlinks=False):
        raise NotSupported(f"{filesystem_of(upper)} does not tell file types in lists (d_type)")
