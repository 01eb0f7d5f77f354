"""What layers mean, as a model of values: no file system and no system calls, nothing but the image format's rules.

A tree is a mapping of paths to nodes. `applied` says what a container sees of a tree after a further layer, or raises
`Refused` for a layer that must be refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

OPAQUE: Final = ".wh..wh..opq"


@dataclass(frozen=True)
class Entry:
    """One entry of an archive; `kind` as in `archives.KINDS`, `target` of links, `data` of files."""

    name: str
    kind: str = "file"
    target: str = ""
    data: bytes = b""


@dataclass(frozen=True)
class Node:
    """What is at a path. Files with the same `inode` are one file with several names."""

    kind: str
    content: str | bytes = b""
    inode: int = 0


Tree = Mapping[str, Node]


class Refused(Exception):
    """The layer must not come in."""


class Unmodelled(Exception):
    """A name that leads through a symbolic link of the layer's own: it must stay within, and no more is said."""


@dataclass
class _Layer:
    """One layer while its entries are read. `hidden`: paths of which the layers below show nothing."""

    own: dict[str, Node] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    def add(self, entry: Entry, number: int) -> None:
        path = clean(entry.name)
        folder, _, name = path.rpartition("/")
        if "/.wh." in folder:
            if "/.wh..wh." not in folder:
                raise Refused("a whiteout is no folder")
        elif name == OPAQUE:
            self._folder(folder)
            self.hidden.add(folder)
        elif name.startswith(".wh..wh."):
            return  # another engine's notes
        elif name.startswith(".wh."):
            self._delete(folder, name.removeprefix(".wh."))
        elif not path:
            if entry.kind != "dir":
                raise Refused("the root is a folder")
        elif entry.kind == "dir":
            self._folder(path)
        elif entry.kind == "link":
            self._link(path, clean(entry.target))
        else:
            content = entry.target if entry.kind == "symlink" else entry.data
            self._put(path, Node(entry.kind, content, number))

    def over(self, below: Tree) -> dict[str, Node]:
        """What the layer and those below show together."""
        seen = {path: node for path, node in below.items() if not self._hides(path)}
        return seen | self.own

    def _hides(self, path: str) -> bool:
        ways = ["", *parents(path), path]
        return any(way in self.hidden or self.own.get(way, _FOLDER).kind != "dir" for way in ways)

    def _delete(self, folder: str, name: str) -> None:
        if name in {"", ".", ".."}:
            raise Refused("a whiteout of nothing")
        self._parents(f"{folder}/{name}")
        self.hidden.add(f"{folder}/{name}")

    def _folder(self, path: str) -> None:
        if not path:
            return
        self._parents(path)
        if self.own.get(path, _FOLDER).kind != "dir":
            self.hidden.add(path)  # the file that was there hid what is below, and that stays hidden
        self.own[path] = _FOLDER

    def _link(self, path: str, target: str) -> None:
        self._through(target)
        node = self.own.get(target)
        if node is None or node.kind == "dir" or target == path or target.startswith(f"{path}/"):
            raise Refused("a hard link to what is not there, or can't have one")
        self._put(path, node)

    def _put(self, path: str, node: Node) -> None:
        self._parents(path)
        if self.own.get(path, node).kind == "dir":
            self._forget(f"{path}/")
        self.own[path] = node

    def _forget(self, prefix: str) -> None:
        self.own = {path: node for path, node in self.own.items() if not path.startswith(prefix)}
        self.hidden = {path for path in self.hidden if not path.startswith(prefix)}

    def _parents(self, path: str) -> None:
        self._through(path)
        for parent in parents(path):
            if self.own.setdefault(parent, _FOLDER).kind != "dir":
                raise Refused("a file is used as a folder")

    def _through(self, path: str) -> None:
        for parent in parents(path):
            kind = self.own.get(parent, _FOLDER).kind
            if kind == "symlink":
                raise Unmodelled
            if kind != "dir":
                return


_FOLDER: Final = Node("dir")


def applied(below: Tree, entries: Iterable[Entry]) -> dict[str, Node]:
    """The tree after a layer of these entries. Raises Refused and Unmodelled."""
    layer = _Layer()
    first = 1 + max((node.inode for node in below.values()), default=0)
    for number, entry in enumerate(entries, first):
        layer.add(entry, number)
    return layer.over(below)


def clean(name: str) -> str:
    """The path below the root that a name means, "" for the root itself."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            if not parts:
                raise Refused("it leads out")
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "".join(f"/{part}" for part in parts)


def parents(path: str) -> Iterator[str]:
    """The folders that hold the path, the outermost first, without the root."""
    parts = path.split("/")[1:-1]
    return ("/" + "/".join(parts[: count + 1]) for count in range(len(parts)))
