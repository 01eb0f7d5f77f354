"""What a container's files differ in from its image's, as `docker diff` tells it."""

import os
import stat
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """The API's numbers."""

    MODIFIED = 0
    ADDED = 1
    DELETED = 2


class Change(NamedTuple):
    """One path, absolute within the container."""

    path: str
    kind: Kind


def whole(found: Mapping[str, Kind]) -> list[Change]:
    """The changes sorted by path, with the folders that hold them: one counts as modified when anything in it is."""
    all_ = dict(found)
    for path in found:
        for parent in _parents(path):
            all_.setdefault(parent, Kind.MODIFIED)
    return [Change(path, all_[path]) for path in sorted(all_)]


def differ(old: os.stat_result, new: os.stat_result) -> bool:
    """As Docker compares: of a folder neither size nor time matters."""
    if _owned(old) != _owned(new):
        return True
    is_folder = stat.S_ISDIR(new.st_mode)
    return not is_folder and (old.st_size, old.st_mtime_ns) != (new.st_size, new.st_mtime_ns)


def is_stub(info: os.stat_result) -> bool:
    """Is this what stands where something is to be mounted: a folder, or an empty file?"""
    return stat.S_ISDIR(info.st_mode) or (stat.S_ISREG(info.st_mode) and info.st_size == 0)


def _owned(info: os.stat_result) -> tuple[int, ...]:
    return info.st_mode, info.st_uid, info.st_gid, info.st_rdev


def _parents(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
