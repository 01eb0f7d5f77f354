"""Archives among the sources of an ADD: told by their content, never by their name."""

import contextlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Final

from engine.build.worker.tree import Node, Tree
from engine.image.unpack.archive import entries
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import BLOCK, Header, parse_header
from engine.image.unpack.source import Source

#: What a compressed stream begins with: gzip, zstd, bzip2, xz.
_COMPRESSED: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0")


@contextmanager
def opened(tree: Tree, node: Node) -> Iterator[tuple[Iterator[Header], Source] | None]:
    """The entries of the archive that the file is, and where their data comes from; None when it is none."""
    if not _may_be(tree, node):
        yield None
        return
    reading, writing = os.pipe2(os.O_CLOEXEC)
    feeder = threading.Thread(target=_feed, args=(tree, node, writing), daemon=True)
    feeder.start()
    try:
        source = Source(reading, is_hashed=False)
        yield _begun(source)
    finally:
        os.close(reading)


def _begun(source: Source) -> tuple[Iterator[Header], Source] | None:
    """A file that is compressed need not be an archive: its first entry tells."""
    found = entries(source)
    try:
        return chain([next(found)], found), source
    except (LayerError, StopIteration):
        return None


def _may_be(tree: Tree, node: Node) -> bool:
    if node.header.kind != b"0" or node.header.size < len(_COMPRESSED[-1]):
        return False
    head = bytes(next(tree.pieces(node))[:BLOCK])
    if head.startswith(_COMPRESSED):
        return True
    try:
        return len(head) == BLOCK and parse_header(head) is not None
    except LayerError:
        return False


def _feed(tree: Tree, node: Node, descriptor: int) -> None:
    """Into the pipe, until the reader has had enough."""
    with contextlib.suppress(BrokenPipeError):
        for piece in tree.pieces(node):
            rest = piece
            while rest:
                rest = rest[os.write(descriptor, rest) :]
    os.close(descriptor)
