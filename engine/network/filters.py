"""Which networks a list asks for: Docker's filters, each a set of alternatives, all of them to be met."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from engine.errors import InvalidParameter
from engine.network.records import Network

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


def check_prune(filters: Filters) -> None:
    """Raises InvalidParameter for a filter that a prune of networks does not have."""
    _check(filters, _PRUNE)


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
