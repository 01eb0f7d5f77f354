"""`docker builder prune`: which entries of the build cache go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.build.cache.entries import MOUNT, Entries, Entry
from engine.errors import InvalidParameter
from engine.image.until import until

Filters = Mapping[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """What is asked for. `keep` bytes may stay, of those used last; without `all_` what serves an image stays too."""

    filters: Filters = field(default_factory=dict)
    keep: int = 0
    all_: bool = False


async def prune(entries: Entries, wanted: Pruning) -> dict[str, Any]:
    """Remove what is asked for and no build uses; returns Docker's report. Raises InvalidParameter for a filter."""
    passes = _filter(wanted.filters)
    everything = await entries.all()
    chosen = [each for each in everything if not each.in_use and (wanted.all_ or each.dangling) and passes(each)]
    chosen = _beyond(chosen, sum(each.size for each in everything if not each.shared), wanted.keep)
    reclaimed = await _remove(entries, chosen)
    return {"CachesDeleted": [each.id for each in chosen] or None, "SpaceReclaimed": reclaimed}


async def thin_out(entries: Entries, most: int) -> None:
    """Remove what was used longest ago of more than `most` entries."""
    everything = await entries.all()
    await _remove(entries, [each for each in everything[: max(0, len(everything) - most)] if not each.in_use])


def _beyond(entries: Sequence[Entry], total: int, keep: int) -> list[Entry]:
    """Those that have to go, from the one used longest ago, until no more than `keep` bytes are left."""
    if not keep:
        return list(entries)
    chosen: list[Entry] = []
    for entry in entries:
        if total <= keep:
            break
        if not entry.shared:
            chosen.append(entry)
            total -= entry.size
    return chosen


async def _remove(entries: Entries, chosen: Sequence[Entry]) -> int:
    reclaimed = 0
    gone = await entries.steps.remove([each.id for each in chosen if each.kind != MOUNT])
    reclaimed += sum(each.size for each in chosen if each.id in gone and not each.shared)
    for each in chosen:
        if each.kind == MOUNT:
            reclaimed += await entries.mounts.remove(each.id.replace("-", "/"))
    return reclaimed


def _filter(filters: Filters) -> Callable[[Entry], bool]:
    """All filters must hold, each with one of its values."""
    if unknown := next((name for name in filters if name not in _TESTS), None):
        raise InvalidParameter(f"invalid filter '{unknown}'")
    checks = [[_TESTS[name](value) for value in values or [""]] for name, values in filters.items()]
    return lambda entry: all(any(check(entry) for check in each) for each in checks)


def _until(value: str) -> Callable[[Entry], bool]:
    moment = until(value)
    return lambda entry: entry.used < moment


def _flag(name: str) -> Callable[[str], Callable[[Entry], bool]]:
    """A filter without a value, or with true or false."""

    def test(value: str) -> Callable[[Entry], bool]:
        wanted = value.lower() not in {"false", "0"}
        return lambda entry: bool(getattr(entry, name)) is wanted

    return test


_TESTS: Final[Mapping[str, Callable[[str], Callable[[Entry], bool]]]] = {
    "until": _until,
    "unused-for": _until,
    "id": lambda value: lambda entry: entry.id.startswith(value),
    "parent": lambda value: lambda entry: bool(entry.parent) and entry.parent.startswith(value),
    "type": lambda value: lambda entry: entry.kind == value,
    "description": lambda value: lambda entry: value in entry.description,
    "inuse": _flag("in_use"),
    "shared": _flag("shared"),
    "private": lambda value: lambda entry: entry.shared is (value.lower() in {"false", "0"}),
}
