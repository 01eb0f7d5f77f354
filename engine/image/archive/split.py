"""`python -m engine.image.archive.split ROOT LIMIT RESERVE PARENT`: take the image archive on standard input apart.

The archive's files are written into ROOT as `0`, `1`, …: a name in the archive is only ever looked up, and never part
of a path. One line of JSON comes out: `{"files": [[name, number, size, digest], …], "links": [[name, target], …]}`, or
`{"error": …}` with exit status 1.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final

from engine.image.unpack.archive import entries
from engine.image.unpack.budget import Budget
from engine.image.unpack.confine import confine
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import Header
from engine.image.unpack.source import MAGICS, Source
from engine.image.unpack.tree import clean

#: Many images of 127 layers, with the three files that old archives have for each.
_ENTRIES: Final = 20_000
_NAME: Final = 512
#: Bytes: smaller files are unpacked faster than they are told of.
_LARGE: Final = 4 << 20
_USTAR_AT: Final = 257
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

Tell = Callable[..., None]


def split(source: Source, budget: Budget, tell: Tell) -> dict[str, Any]:
    """Write the files; the last of several with one name counts, as for tar. Raises LayerError."""
    files: dict[str, list[Any]] = {}
    links: dict[str, str] = {}
    for serial, entry in enumerate(entries(source)):
        name = _name(entry.name, serial)
        if entry.kind == b"0":
            files[name] = [name, serial, entry.size, _store(source, entry, budget, _Growth(serial, name, tell))]
            links.pop(name, None)
        elif entry.kind == b"2":
            links[name] = _name(_beside(entry), serial)
            files.pop(name, None)
        elif entry.kind != b"5":
            raise LayerError(f"{name!r} is neither a file nor a folder")
    source.drain()
    return {"files": list(files.values()), "links": list(links.items())}


def _name(name: bytes, serial: int) -> str:
    if serial >= _ENTRIES:
        raise LayerError(f"more than {_ENTRIES} entries")
    if len(name) > _NAME:
        raise LayerError(f"a name of {len(name)} bytes")
    return os.fsdecode(clean(name)).lstrip("/")


def _beside(entry: Header) -> bytes:
    """Where a symbolic link leads: old archives have them in place of a layer that they hold already."""
    return entry.name.rpartition(b"/")[0] + b"/" + entry.link


class _Growth:
    """Tells of a large file that may be a layer, every few megabytes."""

    def __init__(self, serial: int, name: str, tell: Tell) -> None:
        self.serial = serial
        self._name = name
        self._tell = tell
        self._untold = 0
        self._told = False

    def begin(self, size: int, head: memoryview) -> None:
        if size >= _LARGE and (bytes(head[:6]).startswith(MAGICS) or bytes(head[_USTAR_AT:][:5]) == b"ustar"):
            self._told = True
            self._tell("begin", self.serial, self._name)

    def grew(self, count: int) -> None:
        self._untold += count
        if self._told and self._untold >= _LARGE:
            self._untold = 0
            self._tell("grew", self.serial)

    def end(self) -> None:
        if self._told:
            self._tell("end", self.serial)


def _store(source: Source, entry: Header, budget: Budget, growth: _Growth) -> str:
    if entry.sparse is not None:
        raise LayerError(f"{entry.name[:200]!r} is a sparse file")
    budget.take_entry()
    digest = hashlib.sha256()
    descriptor = os.open(f"/{growth.serial}", _NEW, 0o600)
    try:
        for number, piece in enumerate(source.pieces(entry.size)):
            budget.take_bytes(len(piece))
            digest.update(piece)
            rest = piece
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if not number:
                growth.begin(entry.size, piece)
            growth.grew(len(piece))
    finally:
        os.close(descriptor)
    growth.end()
    return f"sha256:{digest.hexdigest()}"


def _tell(*words: str | int) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main(root: str, limit: str, reserve: str, parent: str) -> int:
    confine(root, parent=int(parent))
    try:
        outcome = split(Source(sys.stdin.fileno()), Budget(limit=int(limit), reserve=int(reserve)), _tell)
    except (LayerError, OSError) as error:
        outcome = {"error": str(error)}
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()
    # Past the interpreter's own end: the thread that decompresses may still stand in a call.
    os._exit(1 if "error" in outcome else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
