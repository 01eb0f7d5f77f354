"""Which networks a list asks for: Docker's filters, each a set of alternatives, all of them to be met."""

import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from engine.errors import InvalidParameter
from engine.network.records import Network

_SECOND: Final = 1_000_000_000
_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")

Filters = Mapping[str, Sequence[str]]

_PRUNE: Final = frozenset({"label", "label!", "until"})
_CHOICES: Final = {
    "scope": frozenset({"local", "global", "swarm"}),
    "type": frozenset({"custom", "builtin"}),
    "dangling": frozenset({"1", "true", "0", "false"}),
}


def select(networks: Iterable[Network], filters: Filters, in_use: Collection[str]) -> list[Network]:
    """The networks that pass. `in_use` are the IDs of those with containers.

    Raises InvalidParameter for a filter that is none, and for a value that it does not have.
    """
    tests = _tests(in_use)
    _check(filters, tests.keys())
    return [
        network
        for network in networks
        if all(_passes(tests[name], network, name, values) for name, values in filters.items())
    ]


def prunable(networks: Iterable[Network], filters: Filters, in_use: Collection[str]) -> list[Network]:
    """The networks that a prune removes: made by somebody, without containers, with all of the labels and none of those
    of `label!`, older than `until`. Raises InvalidParameter for a filter that a prune of networks does not have."""
    _check(filters, _PRUNE)
    oldest = min(map(_moment, filters.get("until", ())), default=None)
    return [
        network
        for network in networks
        if _is_dangling(network, in_use)
        and all(_has_label(network, value) for value in filters.get("label", ()))
        and not any(_has_label(network, value) for value in filters.get("label!", ()))
        and (oldest is None or network.created < oldest)
    ]


def _check(filters: Filters, known: Collection[str]) -> None:
    for name, values in filters.items():
        if name not in known:
            raise InvalidParameter(f"invalid filter '{name}'")
        for value in values:
            if value not in _CHOICES.get(name, {value}):
                raise InvalidParameter(f"invalid filter '{name}={value}'")


def _passes(test: Callable[[Network, str], bool], network: Network, name: str, values: Sequence[str]) -> bool:
    combine = all if name == "label" else any
    return combine(test(network, value) for value in values)


def _tests(in_use: Collection[str]) -> dict[str, Callable[[Network, str], bool]]:
    return {
        "dangling": lambda network, value: _is_dangling(network, in_use) is (value in {"1", "true"}),
        "driver": lambda network, value: network.driver == value,
        "id": lambda network, value: value in network.id,
        "label": _has_label,
        "name": lambda network, value: _is_named(network.name, value),
        "scope": lambda _, value: value == "local",
        "type": lambda network, value: network.is_predefined is (value == "builtin"),
    }


def _is_dangling(network: Network, in_use: Collection[str]) -> bool:
    return not network.is_predefined and network.id not in in_use


def _has_label(network: Network, wanted: str) -> bool:
    name, equals, value = wanted.partition("=")
    return name in network.labels and (not equals or network.labels[name] == value)


def _is_named(name: str, pattern: str) -> bool:
    """A part of the name, which `^` and `$` may tie to its ends (what clients use of Docker's regular expressions)."""
    text = pattern.removeprefix("^").removesuffix("$")
    if pattern.startswith("^") and not name.startswith(text):
        return False
    if pattern.endswith("$") and not name.endswith(text):
        return False
    return text in name if len(pattern) - len(text) < 2 else text == name


def _moment(text: str) -> int:
    """`until`: Unix seconds, RFC 3339, or how long ago (`10m`, `1h30m`); in Unix nanoseconds."""
    with suppress(ValueError):
        return int(float(text) * _SECOND)
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * _SECOND)
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidParameter(f"invalid filter 'until={text}'")
    return time.time_ns() - int(sum(float(number) * _UNITS[unit] for number, unit in parts) * _SECOND)
