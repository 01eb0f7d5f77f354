"""Whether what is copied has changed: a digest over names, kinds, modes, owners, links and contents. Not over times."""

import hashlib

from engine.build.worker.selection import Selection, Source
from engine.build.worker.tree import Node


def checksum(selection: Selection, *, with_owners: bool) -> str:
    """64 hexadecimal digits. `with_owners`: the owners are copied too."""
    total = hashlib.sha256()
    for source in selection.sources:
        total.update(f"{source.name}\0{source.path if source.pivot else ''}\0{source.node.is_folder}\0".encode(
            errors="surrogateescape"))  # fmt: skip
        for path, node in selection.files(source):
            total.update(path.encode(errors="surrogateescape") + b"\0")
            total.update(_described(source, node, with_owners=with_owners))
    return total.hexdigest()


def _described(source: Source, node: Node, *, with_owners: bool) -> bytes:
    header = node.header
    owner = (header.uid, header.gid) if with_owners else (0, 0)
    content = source.tree.digest(node) if header.kind == b"0" else header.link
    fields = (header.kind, header.mode & 0o7777, *owner, header.major, header.minor, len(content))
    return repr(fields).encode() + content
