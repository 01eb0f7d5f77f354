"""`python -m engine.image.archive.recode HOW ROOT LIMIT RESERVE PARENT`: read the layer on standard input.

HOW `name`: only its digest is wanted. HOW `gzip`: it is written to standard output, gzipped. One line of JSON on
standard error tells the outcome, `{"diff_id": …}`, with `digest` and `size` of the gzipped one, or `{"error": …}` with
exit status 1. ROOT is a folder with nothing in it, all that the process can see; its file system is to keep RESERVE
bytes free, and the layer may have LIMIT bytes.
"""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from engine.image.archive.gzipping import gzip_out
from engine.image.unpack.budget import Budget
from engine.image.unpack.confine import confine
from engine.image.unpack.errors import LayerError
from engine.image.unpack.source import Source


def recode(how: str, source: Source, budget: Budget) -> dict[str, Any]:
    """Do what HOW asks for; returns the outcome. Raises LayerError for what is malformed or too much."""
    pieces = _counted(source.rest(), budget)
    if how == "gzip":
        return gzip_out(pieces)
    for _ in pieces:
        pass
    return {"diff_id": source.drain()}


def _counted(pieces: Iterator[memoryview], budget: Budget) -> Iterator[memoryview]:
    for piece in pieces:
        budget.take_bytes(len(piece))
        yield piece


def main(how: str, root: str, *numbers: str) -> int:
    limit, reserve, parent = map(int, numbers)
    confine(root, parent=parent)
    try:
        outcome = recode(how, Source(0, is_hashed=how == "name"), Budget(limit=limit, reserve=reserve))
    except (LayerError, OSError) as error:
        outcome = {"error": str(error)}
    sys.stderr.write(json.dumps(outcome) + "\n")
    sys.stderr.flush()
    # Past the interpreter's own end: the thread that decompresses may still stand in a call.
    os._exit(1 if "error" in outcome else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
