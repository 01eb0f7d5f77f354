"""How large the build cache may grow by itself: what was used longest ago goes when a build has ended."""

import shutil
from pathlib import Path
from typing import Final

from engine.build.cache.entries import Entries
from engine.build.cache.prune import Pruning, prune, thin_out
from engine.config import Config

_MEGABYTE: Final = 1_000_000
#: Of the file system that it is on, as BuildKit has it; and in bytes what it may have on small ones.
_SHARE: Final = 10
_LEAST: Final = 2000 * _MEGABYTE
_MOST: Final = 5000


def limit_of(config: Config) -> int:
    """Bytes: what the settings say, or the share."""
    return config.build_cache_megabytes * _MEGABYTE or _share(config.home)


async def keep_within(entries: Entries, limit: int) -> None:
    """Let go of what is beyond the limit. What a build uses stays, and so does what an image has anyway.

    Steps that changed no file have no size: of them, and of all others, there is a number that is enough.
    """
    await prune(entries, Pruning(keep=limit, all_=True))
    await thin_out(entries, _MOST)


def _share(home: Path) -> int:
    return max(_LEAST, shutil.disk_usage(home).total // _SHARE)
