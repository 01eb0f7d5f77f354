"""The Dockerfile in a packed context, to be looked at before the engine reads it."""

import tarfile
from pathlib import Path
from typing import Final

#: A longer one is for the engine alone to read.
MOST: Final = 1024 * 1024


def text_in(context: Path, name: str) -> str:
    """Empty where there is none that can be read: it is the engine that says so."""
    try:
        with tarfile.open(context) as archive:
            for entry in archive:
                if entry.name.removeprefix("./") == name and entry.isreg() and entry.size <= MOST:
                    file = archive.extractfile(entry)
                    return file.read().decode(errors="replace") if file else ""
    except (tarfile.TarError, OSError, EOFError):
        return ""
    return ""
