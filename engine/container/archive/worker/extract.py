"""Extracting an archive: the part of a worker that reading ones need not load."""

import os
import sys
from pathlib import Path

from engine.container import user
from engine.container.archive.worker import paths
from engine.container.archive.worker.answers import say
from engine.container.archive.worker.errors import Refusal
from engine.container.archive.worker.incoming import Incoming
from engine.errors import InvalidParameter
from engine.image.unpack.archive import entries
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import Header
from engine.image.unpack.source import Source


def write(path: str, *, keep_kinds: bool, as_user: str) -> None:
    """Extract standard input into the folder at the path, and say so before and behind it."""
    base = _destination(path)
    incoming = Incoming(base, path, owner=_owner(as_user), keep_kinds=keep_kinds)
    say({})
    source = Source(sys.stdin.fileno(), is_hashed=False)
    try:
        for entry in entries(source):
            _add(incoming, entry, source)
        source.drain()
    except LayerError as error:
        raise Refusal("InvalidParameter", f"the archive can't be extracted: {error}") from error
    incoming.finish()
    say({})


def _owner(as_user: str) -> tuple[int, int] | None:
    if not as_user:
        return None
    try:
        identity = user.resolve(Path("/"), as_user)
    except InvalidParameter as error:
        raise Refusal("InvalidParameter", error.message) from error
    return identity.uid, identity.gid


def _add(incoming: Incoming, entry: Header, source: Source) -> None:
    try:
        incoming.add(entry, source.pieces)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fsdecode(entry.name[:200])) from error


def _destination(path: str) -> int:
    folder = paths.opened(path, os.O_PATH)
    if not os.path.isdir(folder):  # noqa: PTH112 - a descriptor
        raise Refusal("InvalidParameter", "extraction point is not a directory")
    if os.fstatvfs(folder).f_flag & os.ST_RDONLY:
        is_root = os.fstat(folder).st_dev == os.lstat("/").st_dev
        which = "container rootfs" if is_root else "mounted volume"
        raise Refusal("Forbidden", f"{which} is marked read-only")
    return folder
