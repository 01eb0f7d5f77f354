"""The headers that every answer of the engine bears."""

import platform
from typing import Final

from engine import __version__
from engine.server.version import CURRENT

_SYSTEM: Final = platform.system().lower()
COMMON: Final = {
    "Api-Version": str(CURRENT),
    "Docker-Experimental": "false",
    "Ostype": _SYSTEM,
    "Server": f"Portside/{__version__} ({_SYSTEM})",
}
