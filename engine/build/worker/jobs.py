"""What a build's process does when it is asked: an order in, an answer out.

Each takes the build's `State`, the order and the descriptors that came with it. Those of `AT_HOME` run in the build's
own process, whose state they change; the others each in a child that ends with them.
"""

import base64
import os
import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from engine.build.ignore import Ignore
from engine.build.worker.checksum import checksum
from engine.build.worker.disk import Folder
from engine.build.worker.errors import Refusal
from engine.build.worker.index import Index
from engine.build.worker.owner import resolve_owner
from engine.build.worker.replay import replay
from engine.build.worker.selection import Selection, Source, nothing, select
from engine.build.worker.stamp import clamp
from engine.build.worker.transfer import Target, Transfer, expected
from engine.build.worker.tree import Tree, find
from engine.container.archive.worker import rights
from engine.image.archive.gzipping import gzip_out
from engine.image.archive.tarout import END
from engine.image.archive.walk import Walk
from engine.linux.trees import tree_size

#: A Dockerfile, or a list of patterns, has a few kilobytes.
_TEXT_LIMIT: Final = 4 << 20


@dataclass
class State:
    """What a build's process knows: its context."""

    context: Index | None = None


Job = Callable[[State, Mapping[str, Any], list[int]], Any]


def receive(state: State, _: Mapping[str, Any], descriptors: list[int]) -> dict[str, int]:
    """Take the context in: the tar from the first descriptor, its files into the second."""
    tar, spool = descriptors
    state.context = Index(spool)
    try:
        state.context.take_in(tar)
    finally:
        os.close(tar)
    return {"files": state.context.files, "size": state.context.size}


def ignore(state: State, order: Mapping[str, Any], _: list[int]) -> None:
    """Forget what the patterns exclude."""
    if state.context is not None:
        state.context.prune(Ignore(order["patterns"]))


def read(state: State, order: Mapping[str, Any], _: list[int]) -> str | None:
    """A small file of the context in base64, None when there is no such file."""
    tree = _context(state)
    node = find(tree, order["path"])
    if node is None or node.header.kind != b"0":
        return None
    if node.header.size > _TEXT_LIMIT:
        raise Refusal(f"{order['path']} has more than {_TEXT_LIMIT} bytes")
    return base64.b64encode(b"".join(tree.pieces(node))).decode()


def check(state: State, order: Mapping[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """The checksum of what a COPY would copy, how many sources that are, and whether the only one is a folder."""
    selection = _selection(state, order, descriptors[0] if descriptors else None)
    digest = checksum(selection, with_owners=order["with_owners"])
    sources = selection.sources
    return {"digest": digest, "count": len(sources), "folder": len(sources) == 1 and sources[0].node.is_folder}


def copy(state: State, order: Mapping[str, Any], descriptors: list[int]) -> None:
    """Copy into the root open at the first descriptor, from the folder at the second, or from the context.

    Names of owners are looked up in the root, or in the one open at the last descriptor.
    """
    root, *others = descriptors
    selection = _selection(state, order, others[0] if order["from_folder"] else None)
    target = _target(order)
    for problem in expected(target, selection.sources):
        raise Refusal(problem)
    _enter(root)
    rights.give_up()
    Transfer(target, selection).run()


def apply(_: State, __: Mapping[str, Any], descriptors: list[int]) -> None:
    """Apply the layer at the second descriptor to the root at the first."""
    root, blob = descriptors
    _enter(root)
    rights.give_up()
    replay(blob)


def whose(_: State, order: Mapping[str, Any], descriptors: list[int]) -> tuple[int, int]:
    """The numbers of an owner, by the tables of the root at the descriptor."""
    _enter(descriptors[0])
    return resolve_owner(Path("/"), order["chown"])


def pack(_: State, order: Mapping[str, Any], descriptors: list[int]) -> dict[str, Any]:
    """The tree at the first descriptor as a gzipped layer into the second; `latest` is the latest time of a file."""
    root, blob = descriptors
    os.dup2(blob, 1)
    _enter(root)
    if order["latest"] is not None:
        clamp(order["latest"])
    walk = Walk(as_layer=True, has_names=order["has_names"])
    return {**gzip_out(chain(walk.pieces(), [END])), "files": tree_size(Path("/"))}


AT_HOME: Final[Mapping[str, Job]] = MappingProxyType({"receive": receive, "ignore": ignore})
FORKED: Final[Mapping[str, Job]] = MappingProxyType(
    {"read": read, "check": check, "copy": copy, "whose": whose, "pack": pack, "apply": apply}
)


def _context(state: State) -> Index:
    if state.context is None:
        raise Refusal("the build has no context")
    return state.context


def _selection(state: State, order: Mapping[str, Any], folder: int | None) -> Selection:
    sources: list[Source] = []
    if words := order["sources"]:
        tree: Tree = _context(state) if folder is None else Folder(folder)
        sources = [found for text in words for found in select(tree, text)]
    excluded = Ignore(order["exclude"]) if order["exclude"] else nothing
    return Selection(sources, excluded)


def _target(order: Mapping[str, Any]) -> Target:
    owner = order["owner"]
    return Target(
        destination=order["destination"],
        owner=None if owner is None else (owner[0], owner[1]),
        mode=order["mode"],
        parents=order["parents"],
        unpack=order["unpack"],
        files=tuple((name, content) for name, content in order["files"]),
    )


def _enter(root: int) -> None:
    """Make the folder the process' root for good."""
    os.umask(0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.fchdir(root)
    os.chroot(".")
    os.close(root)
