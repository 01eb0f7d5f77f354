"""Which volumes a list or a prune asks for: Docker's filters."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from engine.errors import InvalidParameter, NotSupported
from engine.volume.record import VolumeRecord

Filters = Mapping[str, Sequence[str]]

_LIST: Final = frozenset({"dangling", "driver", "label", "name"})
_PRUNE: Final = frozenset({"all", "label", "label!"})
_PLAIN: Final = re.compile(r"[a-zA-Z0-9_.-]*")
_TRUE: Final = frozenset({"1", "true", "t"})
_FALSE: Final = frozenset({"0", "false", "f"})


def select(volumes: Collection[VolumeRecord], filters: Filters, in_use: Collection[str]) -> list[VolumeRecord]:
    """The volumes of a list, by name. `in_use` names those that a container has.

    Raises InvalidParameter for a filter that is none, and for a `dangling` that is neither true nor false.
    """
    _check_names(filters, _LIST)
    dangling = _switch(filters, "dangling")
    chosen = [
        volume
        for volume in volumes
        if _has_labels(volume, filters.get("label", ()))
        and ("driver" not in filters or "local" in filters["driver"])
        and _is_named(volume, filters.get("name", ()))
        and (dangling is None or dangling is (volume.name not in in_use))
    ]
    return sorted(chosen, key=lambda volume: volume.name)


def prunable(volumes: Collection[VolumeRecord], filters: Filters, in_use: Collection[str]) -> list[VolumeRecord]:
    """The volumes that no container has and that the filters allow to go: without `all` only anonymous ones."""
    _check_names(filters, _PRUNE)
    named_too = _switch(filters, "all") or False
    return [
        volume
        for volume in volumes
        if volume.name not in in_use
        and (named_too or volume.is_anonymous)
        and _has_labels(volume, filters.get("label", ()))
        and not any(_has_label(volume, value) for value in filters.get("label!", ()))
    ]


def _check_names(filters: Filters, known: frozenset[str]) -> None:
    for name in filters:
        if name not in known:
            raise InvalidParameter(f"invalid filter '{name}'")


def _switch(filters: Filters, name: str) -> bool | None:
    """A filter that is true or false; None where it is not given."""
    if name not in filters:
        return None
    values = {value.lower() for value in filters[name]}
    if values and values <= _TRUE:
        return True
    if values and values <= _FALSE:
        return False
    raise InvalidParameter(f"invalid filter '{name}=[{' '.join(filters[name])}]'")


def _has_labels(volume: VolumeRecord, wanted: Sequence[str]) -> bool:
    return all(_has_label(volume, value) for value in wanted)


def _has_label(volume: VolumeRecord, wanted: str) -> bool:
    labels = volume.labels or {}
    name, equals, value = wanted.partition("=")
    return name in labels and (not equals or labels[name] == value)


def _is_named(volume: VolumeRecord, patterns: Sequence[str]) -> bool:
    return not patterns or any(_matches(pattern, volume.name) for pattern in patterns)


def _matches(pattern: str, name: str) -> bool:
    """Docker's patterns as far as they are plain text, which `^` and `$` may tie to an end of the name.

    Its regular expressions run in linear time; Python's can be written to run for ever, so they are refused.
    """
    start, end = pattern.startswith("^"), pattern.endswith("$")
    text = pattern[start : len(pattern) - end]
    if not _PLAIN.fullmatch(text):
        raise NotSupported(f"invalid filter 'name={pattern}': regular expressions are not supported here")
    if start and end:
        return name == text
    if start:
        return name.startswith(text)
    return name.endswith(text) if end else text in name
