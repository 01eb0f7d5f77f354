"""`python -m engine.image.unpack ROOT MARKS LIMIT RESERVE PARENT [NEWS]`: unpack the layer on standard input into ROOT.

Deletions are written as MARKS, `overlay` or `names` (see `whiteout`). NEWS is the descriptor of a pipe, where
the layer is still coming in (see `source`).

One line of JSON comes out: `{"diff_id": …, "size": …}`, or `{"error": …}` with exit status 1. How far it has come, the
parent sees by the offset of the file that both have open.
"""

import json
import os
import sys
from typing import Any

from engine.image.unpack.archive import entries
from engine.image.unpack.budget import Budget
from engine.image.unpack.confine import confine
from engine.image.unpack.errors import LayerError
from engine.image.unpack.source import Source
from engine.image.unpack.tree import Tree
from engine.image.unpack.whiteout import MARKS, Marks


def unpack(source: Source, budget: Budget, marks: Marks) -> dict[str, Any]:
    """Unpack the layer below `/`; returns the digest of the uncompressed stream and the layer's size in bytes."""
    tree = Tree(budget, marks)
    for entry in entries(source):
        try:
            tree.add(entry, source.pieces)
        except OSError as error:
            raise LayerError(f"{os.fsdecode(entry.name[:200])!r}: {error.strerror}") from error
    tree.finish()
    return {"diff_id": source.drain(), "size": tree.size}


def main(root: str, marks: str, *further: str) -> int:
    limit, reserve, parent, *news = map(int, further)
    confine(root, parent=parent)
    source = Source(sys.stdin.fileno(), growing=news[0] if news else None)
    try:
        outcome = unpack(source, Budget(limit=limit, reserve=reserve), MARKS[marks])
    except Exception as error:  # noqa: BLE001 - a traceback would read source files, by now the image's
        outcome = {"error": str(error) if isinstance(error, LayerError) else f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(outcome) + "\n")
    sys.stdout.flush()
    # Past the interpreter's own end: the thread that decompresses may still stand in a call.
    os._exit(1 if "error" in outcome else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
