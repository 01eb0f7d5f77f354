"""`python -m engine.image.archive.pack KIND ROOT PARENT [SCAFFOLD…]`: write the tree at ROOT to standard output.

KIND `overlay` or `names`: ROOT is a container layer with such marks of what it deletes; the tar is a gzipped image
layer. KIND `tree`: ROOT is a root filesystem; the tar is plain. One line of JSON on standard error tells the outcome,
`{"diff_id": …, "digest": …, "size": …}`, or `{"error": …}` with exit status 1.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from engine.image.archive.gzipping import gzip_out, write_out
from engine.image.archive.tarout import END
from engine.image.archive.walk import Walk
from engine.image.unpack.confine import confine


def tree(walk: Walk) -> dict[str, Any]:
    return {"size": sum(write_out(piece) for piece in _whole(walk))}


def _whole(walk: Walk) -> Iterator[bytes]:
    yield from walk.pieces()
    yield END


def main(kind: str, root: str, parent: str, *scaffold: str) -> int:
    confine(root, parent=int(parent))
    try:
        walk = Walk(as_layer=kind != "tree", has_names=kind == "names", scaffold=scaffold)
        outcome = tree(walk) if kind == "tree" else gzip_out(_whole(walk))
    except OSError as error:
        outcome = {"error": f"{error.filename or 'writing'}: {error.strerror}"}
    sys.stderr.write(json.dumps(outcome) + "\n")
    return 1 if "error" in outcome else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
