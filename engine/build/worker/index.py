"""The context's tar as a tree: names, attributes and checksums in memory, the files' bytes in one spool file."""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from engine.build.worker.errors import Refusal
from engine.build.worker.tree import Node
from engine.image.unpack.archive import entries
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import Header
from engine.image.unpack.source import Source
from engine.image.unpack.tree import clean

_PIECE: Final = 512 << 10
#: Bytes that spooling leaves free on the disk.
_RESERVE: Final = 128 << 20
_LOOK: Final = 64 << 20
#: As long as a path can be for the kernel.
_NAME_LIMIT: Final = 4095
#: More files than any context has; each takes about half a KiB of memory.
_FILES_LIMIT: Final = 1_500_000


class Index:
    """A `Tree` (see there) that is filled from a tar stream."""

    def __init__(self, spool: int) -> None:
        self._spool = spool
        self._end = 0
        self._until_look = 0
        self.files = 0
        self.root = Node("", Header(b"", b"5", 0o755), {})

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return self._end

    def take_in(self, descriptor: int) -> None:
        """Read the tar (plain, gzip, bzip2, xz or zstd) to its end. Raises Refusal for what is none, or too much."""
        source = Source(descriptor, is_hashed=False)
        try:
            for header in entries(source):
                self._add(header, source)
            source.drain()
        except LayerError as error:
            raise Refusal(f"the build context can't be read: {error}") from error

    def children(self, folder: Node) -> Mapping[str, Node]:
        return folder.children or {}

    def pieces(self, node: Node) -> Iterator[memoryview]:
        offset, left = node.offset, node.header.size
        while left:
            data = os.pread(self._spool, min(left, _PIECE), offset)
            if not data:
                raise Refusal("the build context was cut short", "EngineError")
            offset += len(data)
            left -= len(data)
            yield memoryview(data)

    def digest(self, node: Node) -> bytes:
        return node.digest

    def attributes(self, node: Node) -> Mapping[bytes, bytes]:
        return node.header.xattrs

    def prune(self, is_ignored: Callable[[str], bool]) -> None:
        """Forget the files of which `is_ignored` is true, and the folders of which it is and that are empty then."""
        self._prune(self.root, is_ignored)

    def _prune(self, folder: Node, is_ignored: Callable[[str], bool]) -> None:
        """Level by level from the deepest: a file below an ignored folder may be an exception."""
        levels = [folder]
        for node in levels:  # grows while it is walked
            levels += [child for child in (node.children or {}).values() if child.is_folder]
        for node in reversed(levels):
            kept = (node.children or {}).items()
            node.children = {
                name: child
                for name, child in kept
                if (child.is_folder and child.children) or not is_ignored(child.path)
            }

    def _add(self, header: Header, source: Source) -> None:
        path = _path(header)
        if not path:
            if header.kind != b"5":
                raise Refusal(f"the build context can't be read: {os.fsdecode(header.name)!r} is no name of a file")
            return
        self.files += 1
        if self.files > _FILES_LIMIT:
            raise Refusal(f"the build context has more than {_FILES_LIMIT} files")
        header.uid = header.gid = 0
        folder = self._folder(path.rpartition("/")[0])
        node = self._node(path, header, source)
        siblings = folder.children
        assert siblings is not None  # noqa: S101 - for the type checker: a folder of an index has children
        standing = siblings.get(node.name)
        if standing is not None and standing.is_folder and node.is_folder:
            node.children = standing.children
        siblings[node.name] = node

    def _node(self, path: str, header: Header, source: Source) -> Node:
        if header.kind == b"0":
            return self._regular(path, header, source)
        if header.kind == b"1":
            return self._linked(path, header)
        return Node(path, header, {} if header.kind == b"5" else None)

    def _regular(self, path: str, header: Header, source: Source) -> Node:
        if header.sparse is not None:
            raise Refusal(f"{path}: sparse files are not supported in a build context", "NotSupported")
        node = Node(path, header, None, self._end)
        content = hashlib.sha256()
        for piece in source.pieces(header.size):
            content.update(piece)
            self._store(piece)
        node.digest = content.digest()
        return node

    def _linked(self, path: str, header: Header) -> Node:
        """A second name: the file is copied as one of its own, as its first name may not be copied at all."""
        target = _cleaned(header.link, header)
        node: Node | None = self.root
        for name in target.split("/"):
            node = (node.children or {}).get(name) if node is not None else None
        if node is None or node.is_folder:
            raise Refusal(f"the build context can't be read: {path} is a link to {target}, which is no file")
        return Node(path, node.header, None, node.offset, node.digest)

    def _folder(self, path: str) -> Node:
        """The folder at the path; those that the archive does not list are made."""
        node = self.root
        for name in path.split("/") if path else ():
            children = node.children
            assert children is not None  # noqa: S101 - as above
            below = children.get(name)
            if below is None or not below.is_folder:
                below = children[name] = Node(f"{node.path}/{name}".lstrip("/"), Header(b"", b"5", 0o755), {})
            node = below
        return node

    def _store(self, piece: memoryview) -> None:
        self._until_look -= len(piece)
        if self._until_look < 0:
            self._until_look = _LOOK
            disk = os.fstatvfs(self._spool)
            if disk.f_bavail * disk.f_frsize < _RESERVE + _LOOK:
                raise Refusal(f"no space left for the build context: {_RESERVE} bytes are to stay free", "EngineError")
        self._end += len(piece)
        while piece:
            piece = piece[os.write(self._spool, piece) :]


def _path(header: Header) -> str:
    return _cleaned(header.name, header)


def _cleaned(name: bytes, header: Header) -> str:
    if len(name) > _NAME_LIMIT:
        raise Refusal(f"the build context can't be read: a name of {len(name)} bytes")
    try:
        return os.fsdecode(clean(name)[1:])
    except LayerError:
        shown = os.fsdecode(header.name[:200])
        raise Refusal(f"the build context can't be read: {shown!r} leads out of it") from None
