"""Mount points for a RUN step that get into no layer.

What is mounted into a step's root needs something to be mounted on. What of it the root lacks is made in a folder that
lies below all that the step writes (`GraphDriver.open_workspace`). So nothing has to be removed after the step, where a
link that the step has put there could lead the removal astray (CVE-2024-23652).
"""

import os
import shutil
import stat
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from engine.container import rootfs
from engine.linux import syscalls

_IN_ROOT = syscalls.RESOLVE_IN_ROOT | syscalls.RESOLVE_NO_MAGICLINKS

#: Mount points by path: is it a folder?
MountPoints = Iterable[tuple[str, bool]]


def scaffolding(points: MountPoints) -> Callable[[Path, Path], None]:
    """What fills a scaffold (see the graph driver's contract) with those of `points` that the root lacks."""
    wanted = [(PurePosixPath(os.path.normpath(path)), is_folder) for path, is_folder in points]

    def fill(root: Path, below: Path) -> None:
        for path, is_folder in sorted(wanted):
            if not _is_there(root, path, is_folder=is_folder):
                _make(root, below, path, is_folder=is_folder)

    return fill


def _is_there(root: Path, path: PurePosixPath, *, is_folder: bool) -> bool:
    try:
        with rootfs.opened(root, str(path)) as descriptor:
            return stat.S_ISDIR(os.fstat(descriptor).st_mode) == is_folder
    except OSError:
        return False


def _make(root: Path, below: Path, path: PurePosixPath, *, is_folder: bool) -> None:
    """The folders above are shown as the root has them: with their owners, modes and times."""
    known, missing = _known_part(root, path)
    where = below
    for part in known.relative_to("/").parts:
        where /= part
    _mirror(root, below, known)
    for part in missing[:-1]:
        where /= part
        where.mkdir(mode=0o755, exist_ok=True)
    if missing and is_folder:
        (where / missing[-1]).mkdir(mode=0o755, exist_ok=True)
    elif missing:
        (where / missing[-1]).touch(mode=0o644)


def _known_part(root: Path, path: PurePosixPath) -> tuple[PurePosixPath, tuple[str, ...]]:
    """The longest beginning of the path that is a folder, all links followed, and the names behind it."""
    parts = path.relative_to("/").parts
    for count in range(len(parts) - 1, -1, -1):
        beginning = PurePosixPath("/", *parts[:count])
        if _is_there(root, beginning, is_folder=True) and (real := rootfs.real_path(root, str(beginning))) is not None:
            return real, parts[count:]
    return PurePosixPath("/"), parts


def _mirror(root: Path, below: Path, folder: PurePosixPath) -> None:
    walked = PurePosixPath("/")
    for part in folder.relative_to("/").parts:
        walked /= part
        copy = below.joinpath(*walked.relative_to("/").parts)
        if copy.exists():
            continue
        with rootfs.opened(root, str(walked), flags=os.O_RDONLY | os.O_DIRECTORY) as original:
            info = os.fstat(original)
            copy.mkdir()
            os.chown(copy, info.st_uid, info.st_gid)
            shutil.copystat(f"/proc/self/fd/{original}", copy)
