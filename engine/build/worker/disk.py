"""A folder on disk as a tree to copy from."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Final

from engine.build.worker.errors import Refusal
from engine.build.worker.tree import KINDS, Node
from engine.image.unpack.header import Header
from engine.linux import syscalls

_PIECE: Final = 512 << 10
#: Names that the tree found are real: whatever has become a link since is not followed.
_PLAIN: Final = syscalls.RESOLVE_BENEATH | syscalls.RESOLVE_NO_SYMLINKS | syscalls.RESOLVE_NO_MAGICLINKS
_CAPABILITY: Final = b"security.capability"


class Folder:
    """A `Tree` (see there) of what is below the folder open at `descriptor`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.root = self._node("", os.fstat(descriptor))

    def children(self, folder: Node) -> Mapping[str, Node]:
        if folder.children is None:
            descriptor = self._open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                folder.children = dict(self._listed(folder, descriptor))
            finally:
                os.close(descriptor)
        return folder.children

    def pieces(self, node: Node) -> Iterator[memoryview]:
        descriptor = self._open(node, os.O_RDONLY | os.O_NONBLOCK)
        try:
            left = node.header.size
            while left:
                data = os.read(descriptor, min(left, _PIECE))
                if not data:
                    raise Refusal(f"{node.path}: the file was cut short while it was copied", "EngineError")
                left -= len(data)
                yield memoryview(data)
        finally:
            os.close(descriptor)

    def digest(self, node: Node) -> bytes:
        content = hashlib.sha256()
        for piece in self.pieces(node):
            content.update(piece)
        return content.digest()

    def attributes(self, node: Node) -> Mapping[bytes, bytes]:
        """What a program may do beyond its user's rights: the one attribute that is copied."""
        if node.header.kind != b"0" or not node.header.mode & 0o111:
            return {}
        descriptor = self._open(node, os.O_RDONLY | os.O_NONBLOCK)
        try:
            return {_CAPABILITY: os.getxattr(descriptor, _CAPABILITY)}
        except OSError as error:
            if error.errno in {errno.ENODATA, errno.ENOTSUP}:
                return {}
            raise
        finally:
            os.close(descriptor)

    def _listed(self, folder: Node, descriptor: int) -> Iterator[tuple[str, Node]]:
        prefix = f"{folder.path}/" if folder.path else ""
        for name in os.listdir(descriptor):
            info = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if stat.S_IFMT(info.st_mode) not in KINDS:
                continue  # a socket means nothing without who listens
            node = self._node(prefix + name, info)
            if node.header.kind == b"2":
                node.header.link = os.fsencode(os.readlink(name, dir_fd=descriptor))
            yield name, node

    def _node(self, path: str, info: os.stat_result) -> Node:
        kind = KINDS[stat.S_IFMT(info.st_mode)]
        header = Header(
            os.fsencode(path),
            kind,
            stat.S_IMODE(info.st_mode),
            info.st_uid,
            info.st_gid,
            info.st_size if kind == b"0" else 0,
            info.st_mtime_ns,
            major=os.major(info.st_rdev),
            minor=os.minor(info.st_rdev),
        )
        several = kind == b"0" and info.st_nlink > 1
        return Node(path, header, inode=(info.st_dev, info.st_ino) if several else None)

    def _open(self, node: Node, flags: int) -> int:
        return syscalls.openat2(self._descriptor, node.path or ".", flags=flags, resolve=_PLAIN)
