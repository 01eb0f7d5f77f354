"""A tree of files to copy from, wherever its bytes are."""

import posixpath
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from engine.build.worker.errors import Refusal
from engine.image.unpack.header import Header

#: As in the kernel.
_LINKS_LIMIT: Final = 40

KINDS: Final[Mapping[int, bytes]] = {
    stat.S_IFREG: b"0",
    stat.S_IFLNK: b"2",
    stat.S_IFCHR: b"3",
    stat.S_IFBLK: b"4",
    stat.S_IFDIR: b"5",
    stat.S_IFIFO: b"6",
}


@dataclass(slots=True, eq=False)
class Node:
    """One file. `path` is from the tree's root, without a slash before it, and empty for the root itself.

    `children` is what a folder holds, None until it is known or for what is no folder; `offset` and `digest` belong to
    an index: where the bytes are in its spool, and their SHA-256.
    """

    path: str
    header: Header
    children: "dict[str, Node] | None" = None
    offset: int = 0
    digest: bytes = b""
    #: Names the file where several names have the same one.
    inode: tuple[int, int] | None = None

    @property
    def is_folder(self) -> bool:
        return self.header.kind == b"5"

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Tree(Protocol):
    """What can be copied from."""

    root: Node

    def children(self, folder: Node) -> Mapping[str, Node]:
        """What is in the folder, by name."""

    def pieces(self, node: Node) -> Iterator[memoryview]:
        """The bytes of a regular file."""

    def digest(self, node: Node) -> bytes:
        """The SHA-256 of a regular file's bytes."""

    def attributes(self, node: Node) -> Mapping[bytes, bytes]:
        """Its extended attributes, as far as they are copied."""


@dataclass
class _Walk:
    """Where a path has come to: the folders on the way, and what is still to be walked."""

    below: list[Node]
    left: list[str]
    links: int = field(default=0)


def find(tree: Tree, path: str) -> Node | None:
    """What `path` leads to, all links followed; None when it leads to nothing. `..` and links end at the root."""
    walk = _Walk([tree.root], _names(path))
    while walk.left:
        name = walk.left.pop()
        if name == "..":
            walk.below = walk.below[: max(1, len(walk.below) - 1)]
        elif (node := _child(tree, walk.below[-1], name)) is None:
            return None
        elif node.header.kind == b"2":
            _follow(walk, node)
        else:
            walk.below.append(node)
    return walk.below[-1]


def _child(tree: Tree, folder: Node, name: str) -> Node | None:
    return tree.children(folder).get(name) if folder.is_folder else None


def _follow(walk: _Walk, link: Node) -> None:
    walk.links += 1
    if walk.links > _LINKS_LIMIT:
        raise Refusal(f"{link.path}: too many levels of symbolic links")
    target = link.header.link.decode(errors="surrogateescape")
    if target.startswith("/"):
        del walk.below[1:]
    walk.left += _names(target)


def _names(path: str) -> list[str]:
    """The path's names, the last one first."""
    return [name for name in reversed(path.split("/")) if name not in {"", "."}]


def cleaned(path: str) -> str:
    """The path from the root, without a slash before it, as Go's filepath.Clean: `..` does not lead above the root."""
    return posixpath.normpath("/" + path.lstrip("/")).lstrip("/")


def below(tree: Tree, folder: Node) -> Iterator[Node]:
    """All that is in the folder, at any depth, each folder before what it holds, in the order of the names."""
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        if current is not folder:
            yield current
        if current.is_folder:
            children = tree.children(current)
            waiting += [children[name] for name in sorted(children, reverse=True)]
