"""What the sources of a COPY or ADD are in a tree."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.build.worker.errors import Refusal
from engine.build.worker.patterns import is_pattern, matches
from engine.build.worker.tree import Node, Tree, below, cleaned, find

Excluded = Callable[[str], bool]


def nothing(_: str) -> bool:
    """No file is excluded."""
    return False


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to copy. `path` is how it was named, `node` what that leads to; `pivot` is how much of the path is not
    kept where the folders above are (`--parents`)."""

    tree: Tree
    path: str
    node: Node
    pivot: str = ""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass(slots=True)
class Selection:
    """All sources of one instruction, in their order."""

    sources: list[Source] = field(default_factory=list)
    excluded: Excluded = nothing

    def files(self, source: Source) -> Iterator[tuple[str, Node]]:
        """The source's files with their paths in it: of a folder what it holds, of a file itself, called ""."""
        if not source.node.is_folder:
            if not self.excluded(source.name):
                yield "", source.node
            return
        skipped = len(source.node.path) + 1 if source.node.path else 0
        for node in below(source.tree, source.node):
            path = node.path[skipped:]
            if not self.excluded(path):
                yield path, node


def select(tree: Tree, text: str) -> list[Source]:
    """What one source means: a path, or a pattern. Raises Refusal when there is nothing of it."""
    before, pivot, after = text.partition("/./")
    path = cleaned(f"{before}/{after}" if pivot else text)
    base = cleaned(before) if pivot else ""
    if not is_pattern(path):
        node = find(tree, path)
        if node is None:
            raise Refusal(f"file not found in build context or excluded by .dockerignore: stat {text.lstrip('/')}: "
                          "file does not exist", "NotFound")  # fmt: skip
        return [Source(tree, path, node, base)]
    return [Source(tree, name, node, base) for name in _matching(tree, path) if (node := find(tree, name)) is not None]


def _matching(tree: Tree, pattern: str) -> list[str]:
    """The paths that match, name by name, in their order."""
    paths = [""]
    for part in pattern.split("/"):
        grown: list[str] = []
        for path in paths:
            folder = find(tree, path)
            if folder is None or not folder.is_folder:
                continue
            prefix = f"{path}/" if path else ""
            names = tree.children(folder)
            chosen = sorted(name for name in names if matches(part, name)) if is_pattern(part) else [part]
            grown += [prefix + name for name in chosen if name in names]
        paths = grown
    return paths
