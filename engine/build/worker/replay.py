"""A layer's archive applied to the files below it, as they are in the process' own `/`."""

# Names are bytes of no known encoding; pathlib takes text.
# ruff: noqa: PTH108, PTH208

import os
import shutil
import stat

from engine.build.worker.errors import Refusal
from engine.container.archive.worker.errors import Refusal as ArchiveRefusal
from engine.container.archive.worker.incoming import Incoming
from engine.image.unpack.archive import entries
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import Header
from engine.image.unpack.source import Source
from engine.image.unpack.tree import clean
from engine.image.unpack.whiteout import Meaning, deleted, meaning


def replay(blob: int) -> None:
    """Write, replace and delete what the layer open at `blob` says. Raises Refusal."""
    source = Source(blob, is_hashed=False)
    base = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    incoming = Incoming(base, "/", owner=None, keep_kinds=False)
    try:
        for entry in entries(source):
            _apply(entry, incoming, source)
        incoming.finish()
        source.drain()
    except (LayerError, ArchiveRefusal) as error:
        raise Refusal(f"a layer can't be read again: {error}") from error


def _apply(entry: Header, incoming: Incoming, source: Source) -> None:
    folder, _, name = clean(entry.name).rpartition(b"/")
    meant = meaning(folder, name)
    if meant is Meaning.FILE:
        incoming.add(entry, source.pieces)
        return
    if meant is Meaning.DELETED:
        _remove(folder + b"/" + deleted(name))
    elif meant is Meaning.OPAQUE:
        # Layers that are made here say so of a folder before they say what is in it.
        for inside in os.listdir(folder or b"/"):
            _remove(folder + b"/" + inside)
    source.skip(entry.size)


def _remove(path: bytes) -> None:
    try:
        info = os.lstat(path)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(info.st_mode):
        shutil.rmtree(path)
    else:
        os.unlink(path)
