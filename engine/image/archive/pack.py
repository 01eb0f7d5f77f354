"""`python -m engine.image.archive.pack KIND ROOT PARENT [SCAFFOLD…]`: write the tree at ROOT to standard output.

KIND `overlay` or `names`: ROOT is a container layer with such marks of what it deletes; the tar is a gzipped image
layer. KIND `tree`: ROOT is a root filesystem; the tar is plain. One line of JSON on standard error tells the outcome,
`{"diff_id": …, "digest": …, "size": …}`, or `{"error": …}` with exit status 1.
"""

import hashlib
import json
import os
import sys
import zlib
from collections.abc import Iterator
from typing import Any, Final

from isal import isal_zlib

from engine.image.archive.tarout import END
from engine.image.archive.walk import Walk
from engine.image.unpack.confine import confine

_GZIP: Final = 16 + zlib.MAX_WBITS
#: The fastest that is still worth it: bytes on a disk and on the wire, once each.
_LEVEL: Final = 1


def layer(walk: Walk) -> dict[str, Any]:
    """Write the layer; returns the digests of the plain and of the gzipped stream, and the latter's size."""
    plain, packed, size = hashlib.sha256(), hashlib.sha256(), 0
    compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
    for piece in _whole(walk):
        plain.update(piece)
        data = compressor.compress(piece)
        packed.update(data)
        size += _write(data)
    data = compressor.flush()
    packed.update(data)
    size += _write(data)
    return {"diff_id": f"sha256:{plain.hexdigest()}", "digest": f"sha256:{packed.hexdigest()}", "size": size}


def tree(walk: Walk) -> dict[str, Any]:
    return {"size": sum(_write(piece) for piece in _whole(walk))}


def _whole(walk: Walk) -> Iterator[bytes]:
    yield from walk.pieces()
    yield END


def _write(data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(1, view) :]
    return len(data)


def main(kind: str, root: str, parent: str, *scaffold: str) -> int:
    confine(root, parent=int(parent))
    try:
        walk = Walk(as_layer=kind != "tree", has_names=kind == "names", scaffold=scaffold)
        outcome = tree(walk) if kind == "tree" else layer(walk)
    except OSError as error:
        outcome = {"error": f"{error.filename or 'writing'}: {error.strerror}"}
    sys.stderr.write(json.dumps(outcome) + "\n")
    return 1 if "error" in outcome else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
