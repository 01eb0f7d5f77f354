"""Copying a selection into the step's root, which is the process' own `/` by now."""

# What is looked at here is what the kernel finds below that root; pathlib would only wrap it.
# ruff: noqa: PTH112, PTH118

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from engine.build.worker import archives
from engine.build.worker.errors import Refusal
from engine.build.worker.owner import changed_mode
from engine.build.worker.selection import Selection, Source
from engine.build.worker.tree import Node, Tree
from engine.container.archive.worker.errors import Refusal as ArchiveRefusal
from engine.container.archive.worker.incoming import Incoming
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import Header


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where to: `destination` is absolute, and a folder in any case when a slash ends it.

    `owner` None keeps the sources' owners, `mode` "" their modes. `parents` keeps the folders above a source, `unpack`
    puts what an archive holds in its place. `files` are written with these contents, after the sources.
    """

    destination: str
    owner: tuple[int, int] | None = None
    mode: str = ""
    parents: bool = False
    unpack: bool = False
    files: tuple[tuple[str, str], ...] = ()


@dataclass
class Transfer:
    """One COPY or ADD."""

    target: Target
    selection: Selection
    _links: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def run(self) -> None:
        """Raises Refusal and OSError; what was copied until then stays."""
        base = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        incoming = Incoming(base, self.target.destination, owner=self.target.owner, keep_kinds=True)
        real = os.path.realpath(self.target.destination)
        try:
            for source in self.selection.sources:
                self._one(incoming, source, real)
            for name, content in self.target.files:
                self._file(incoming, real, name, content.encode())
            incoming.finish()
        except ArchiveRefusal as error:
            raise Refusal(str(error), error.kind) from error

    def _one(self, incoming: Incoming, source: Source, real: str) -> None:
        if self.target.unpack and self._unpacked(incoming, source, real):
            return
        if self.target.parents:
            self._with_parents(incoming, source, real)
        elif source.node.is_folder:
            self._make_folder(incoming, real)
            self._copy(incoming, source, real)
        else:
            self._copy(incoming, source, self._named(real, source.name))

    def _named(self, real: str, name: str) -> str:
        """Where a file called `name` goes."""
        is_folder = self.target.destination.endswith("/") or os.path.isdir(real)
        return os.path.join(real, name) if is_folder else real

    def _make_folder(self, incoming: Incoming, path: str) -> None:
        if os.path.isdir(path):
            return
        if os.path.lexists(path):
            raise Refusal(f"cannot copy to non-directory: {path}")
        incoming.add(Header(os.fsencode(path), b"5", 0o755, mtime=time.time_ns()), _no_data)

    def _with_parents(self, incoming: Incoming, source: Source, real: str) -> None:
        """`--parents`: the source's own folders are made first, as they are there."""
        kept = source.path[len(source.pivot) + 1 :] if source.pivot else source.path
        folders = kept.split("/") if source.node.is_folder else kept.split("/")[:-1]
        for count in range(1, len(folders) + 1):
            self._make_folder(incoming, os.path.join(real, *folders[:count]))
        self._copy(incoming, source, os.path.join(real, kept))

    def _copy(self, incoming: Incoming, source: Source, where: str) -> None:
        for path, node in self.selection.files(source):
            name = os.fsencode(f"{where}/{path}" if path else where)
            incoming.add(self._header(source, node, name), _Data(source.tree, node))

    def _header(self, source: Source, node: Node, name: bytes) -> Header:
        header = node.header
        if node.inode is not None and (first := self._links.setdefault(node.inode, name)) != name:
            return Header(name, b"1", link=first)
        mode = header.mode
        if self.target.mode and header.kind != b"2":
            mode = changed_mode(self.target.mode, mode, is_folder=node.is_folder)
        return replace(header, name=name, mode=mode, xattrs=dict(source.tree.attributes(node)))

    def _file(self, incoming: Incoming, real: str, name: str, content: bytes) -> None:
        mode = changed_mode(self.target.mode, 0o644, is_folder=False) if self.target.mode else 0o644
        path = os.fsencode(self._named(real, name))
        header = Header(path, b"0", mode, size=len(content), mtime=time.time_ns())
        incoming.add(header, lambda _: [memoryview(content)])

    def _unpacked(self, incoming: Incoming, source: Source, real: str) -> bool:
        with archives.opened(source.tree, source.node) as archive:
            if archive is None:
                return False
            self._make_folder(incoming, real)
            found, data = archive
            try:
                for header in found:
                    header.name = os.fsencode(real) + b"/" + header.name
                    if header.kind == b"1":
                        header.link = os.fsencode(real) + b"/" + header.link
                    incoming.add(header, data.pieces)
            except LayerError as error:
                raise Refusal(f"{source.path}: {error}") from error
        return True


@dataclass(frozen=True, slots=True)
class _Data:
    """A file's bytes, for who asks for as many as its header says."""

    tree: Tree
    node: Node

    def __call__(self, _: int) -> Iterable[memoryview]:
        return self.tree.pieces(self.node)


def _no_data(_: int) -> Iterable[memoryview]:
    return ()


def expected(target: Target, sources: Iterable[Source]) -> Iterator[str]:
    """What speaks against the copy before it is begun."""
    count = len(list(sources)) + len(target.files)
    if not count:
        yield "no source files were specified"
    elif count > 1 and not target.destination.endswith("/"):
        yield "When using COPY with more than one source file, the destination must be a directory and end with a /"
