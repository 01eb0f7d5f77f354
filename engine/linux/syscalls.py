"""System calls that Python 3.11 does not offer: each fails with the errno and what it was asked for.

Calls release the GIL (ctypes.CDLL), so a slow one belongs in a thread, not on the event loop.
"""

import ctypes
import errno
import os
from pathlib import Path
from typing import Final

_libc: Final = ctypes.CDLL(None, use_errno=True)

MS_RDONLY: Final = 1
MS_NOSUID: Final = 2
MS_NODEV: Final = 4
MS_NOEXEC: Final = 8
MS_REMOUNT: Final = 32
MS_BIND: Final = 4096
MS_REC: Final = 16384
MS_UNBINDABLE: Final = 1 << 17
MS_PRIVATE: Final = 1 << 18
MS_SLAVE: Final = 1 << 19
MS_SHARED: Final = 1 << 20
MNT_DETACH: Final = 2
UMOUNT_NOFOLLOW: Final = 8

CLONE_FS: Final = 0x200
CLONE_NEWNS: Final = 0x20000
CLONE_NEWNET: Final = 0x40000000

RESOLVE_NO_MAGICLINKS: Final = 0x02
RESOLVE_NO_SYMLINKS: Final = 0x04
RESOLVE_BENEATH: Final = 0x08
RESOLVE_IN_ROOT: Final = 0x10

MOUNT_ATTR_RDONLY: Final = 1
MOUNT_ATTR_NOSUID: Final = 2
MOUNT_ATTR_NODEV: Final = 4
MOUNT_ATTR_NOEXEC: Final = 8

_AT_FDCWD: Final = -100
_AT_RECURSIVE: Final = 0x8000
_SYS_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}
_SYS_MOUNT_SETATTR: Final = 442
_SYS_OPENAT2: Final = 437  # the same number on every architecture (calls added since Linux 5.0)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


class _MountAttr(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns_fd"))


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def mount(source: str, target: str | Path, fstype: str = "", flags: int = 0, options: str = "") -> None:
    """mount(2). Raises OSError with the target's path."""
    arguments = (text.encode(errors="surrogateescape") or None for text in (source, str(target), fstype))
    data = options.encode(errors="surrogateescape") or None
    _check(_libc.mount(*arguments, ctypes.c_ulong(flags), data), str(target))


def umount(target: str | Path, flags: int = UMOUNT_NOFOLLOW) -> None:
    """umount2(2). Raises OSError with the target's path; EINVAL means that nothing is mounted there."""
    _check(_libc.umount2(os.fsencode(target), flags), str(target))


def has_mount_setattr() -> bool:
    """Can the kernel change a mount together with all below it (mount_setattr(2), Linux 5.12)?"""
    result = _libc.syscall(_SYS_MOUNT_SETATTR, -1, None, 0, None, 0)
    return bool(result == 0 or ctypes.get_errno() != errno.ENOSYS)


def syncfs(descriptor: int) -> None:
    """syncfs(2): return when all that was written to the file system of the open file is on the disk."""
    _check(_libc.syncfs(descriptor), f"syncfs(fd {descriptor})")


def unshare(flags: int) -> None:
    """unshare(2), for the calling thread alone."""
    _check(_libc.unshare(flags), f"unshare({flags:#x})")


def setns(descriptor: int, flags: int) -> None:
    """setns(2), for the calling thread alone."""
    _check(_libc.setns(descriptor, flags), f"setns(fd {descriptor})")


def openat2(directory: int, path: str | bytes, *, flags: int, mode: int = 0, resolve: int = 0) -> int:
    """openat2(2): open `path` below the open directory with the kernel guarding how it resolves.

    Returns a close-on-exec descriptor. Raises OSError with the path (ELOOP or EXDEV when resolution is refused).
    """
    how = _OpenHow(flags | os.O_CLOEXEC, mode, resolve)
    name = os.fsencode(path)
    result = _libc.syscall(_SYS_OPENAT2, directory, name, ctypes.byref(how), ctypes.c_size_t(ctypes.sizeof(how)))
    return _check(result, os.fsdecode(name))


def mount_setattr(target: str | Path, *, set_: int, propagation: int = 0, recursively: bool = False) -> None:
    """mount_setattr(2): add attributes to the mount at `target`, `recursively` to all below it. Raises OSError."""
    attributes = _MountAttr(set_, 0, propagation, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    flags = _AT_RECURSIVE if recursively else 0
    call = (_SYS_MOUNT_SETATTR, _AT_FDCWD, os.fsencode(target), flags, ctypes.byref(attributes), size)
    _check(_libc.syscall(*call), str(target))


def pivot_root(new_root: str | Path, put_old: str | Path) -> None:
    """pivot_root(2), which glibc does not wrap. Raises OSError with the new root's path."""
    number = _SYS_PIVOT_ROOT[os.uname().machine]
    _check(_libc.syscall(number, os.fsencode(new_root), os.fsencode(put_old)), str(new_root))
