"""`--init`: a small first process that reaps orphans and passes signals on."""

import shutil
from pathlib import Path
from typing import Final

from engine.errors import NotSupported

#: Where it is in the container, under Docker's name.
TARGET: Final = "/sbin/docker-init"
#: What the host may have, statically linked each: Docker's own name, Debian's tini and catatonit.
_PROGRAMS: Final = ("docker-init", "tini-static", "catatonit")


def program() -> Path:
    """The host's init. Raises NotSupported where none is installed."""
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return Path(found).resolve()
    raise NotSupported(
        f"--init needs an init program on the host, and none of {', '.join(_PROGRAMS)} is on PATH "
        "(Debian's packages tini and catatonit have one)"
    )


def name() -> str:
    """The program's name, empty where the host has none."""
    try:
        return program().name
    except NotSupported:
        return ""
