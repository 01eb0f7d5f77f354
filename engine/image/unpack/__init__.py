"""Unpacking one layer, in a process of its own that can reach nothing but the layer's folder.

A layer is data from a stranger. `__main__` imports all that it will ever need, then shuts itself into the staging
folder (`confine`) and only then reads the first byte: from there on every path, link and `..` is resolved by the
kernel inside that folder, and no program, module or table of the image is ever used.

`source` decompresses and hashes the stream, `archive` reads entries from it (`header`, `pax`, `sparse`), `tree` writes
them, `whiteout` knows deletions, `budget` says how much may be written.
This package imports nothing else of the engine, so that the process starts in a few hundredths of a second.
"""
