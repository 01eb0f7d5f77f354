"""Which containers a list asks for: Docker's filters, each a set of alternatives, all of them to be met."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.container.container import Container
from engine.container.health import HealthStatus
from engine.container.index import Index
from engine.container.record import Record
from engine.container.state import Status
from engine.errors import InvalidParameter

_Test = Callable[[Container, str], bool]
_ID: Final = "id"
_PORTS: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?")
_HIGHEST_PORT: Final = 65535


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What others know: the image IDs that an `ancestor` stands for, and a container's networks and ports as they are
    shown in lists."""

    images: Callable[[str], set[str]]
    networks: Callable[[Record], Mapping[str, Mapping[str, Any]]]
    ports: Callable[[Record], Sequence[Mapping[str, Any]]]


def select(containers: Iterable[Container], index: Index, filters: Mapping[str, Sequence[str]], *, all_: bool,
           around: Surroundings) -> list[Container]:  # fmt: skip
    """The containers that pass, the newest first. Raises InvalidParameter for a filter that is none.

    Without `all_` only those with a process pass, unless `status` (or `exited`) asks otherwise.
    """
    tests = _tests(index, around)
    for name, values in filters.items():
        if name not in tests:
            raise InvalidParameter(f"invalid filter '{name}'")
        _check(name, values)
    if not all_ and not {"status", "exited"} & set(filters):
        containers = [container for container in containers if container.status.is_up]
    chosen = [
        container
        for container in containers
        if all(_passes(tests[name], container, name, values) for name, values in filters.items())
    ]
    return sorted(chosen, key=lambda container: container.record.created, reverse=True)


def _passes(test: _Test, container: Container, name: str, values: Sequence[str]) -> bool:
    combine = all if name == "label" else any
    return combine(test(container, value) for value in values)


def _check(name: str, values: Sequence[str]) -> None:
    for value in values:
        if name == "status" and value not in {status.value for status in Status}:
            raise InvalidParameter(f"invalid filter 'status={value}'")
        if name == "health" and value not in {status.value for status in HealthStatus}:
            raise InvalidParameter(f"Unrecognised filter value for health: {value}")
        if name == "exited" and not value.removeprefix("-").isdigit():
            raise InvalidParameter(f"invalid filter 'exited={value}'")
        if name in {"publish", "expose"}:
            _ports(name, value)


def _tests(index: Index, around: Surroundings) -> dict[str, _Test]:
    return {
        _ID: lambda container, value: container.id.startswith(value),
        "name": lambda container, value: _is_named(container.name, value),
        "status": lambda container, value: container.status.value == value,
        "exited": _exited_with,
        "health": lambda container, value: _health(container) is HealthStatus(value),
        "label": _has_label,
        "ancestor": lambda container, value: (
            value == container.record.image_name or container.record.image_id in around.images(value)
        ),
        "volume": lambda container, value: any(
            value in {mounted.name, mounted.destination} for mounted in container.record.mounts
        ),
        "network": lambda container, value: _is_on(around.networks(container.record), value),
        "publish": lambda container, value: _has_port(around.ports(container.record), "PublicPort", "publish", value),
        "expose": lambda container, value: _has_port(around.ports(container.record), "PrivatePort", "expose", value),
        "before": lambda container, value: container.record.created < index.find(value).record.created,
        "since": lambda container, value: container.record.created > index.find(value).record.created,
    }


def _is_named(name: str, pattern: str) -> bool:
    """A regular expression, with the name's slash or without; what is none fits nothing, as in Docker."""
    try:
        return any(re.search(pattern, text) for text in (name, f"/{name}"))
    except re.error:
        return False


def _is_on(networks: Mapping[str, Mapping[str, Any]], wanted: str) -> bool:
    return wanted in networks or any(each["NetworkID"] == wanted for each in networks.values())


def _has_port(rows: Sequence[Mapping[str, Any]], which: str, name: str, value: str) -> bool:
    numbers, protocol = _ports(name, value)
    return any(row.get(which) in numbers and row["Type"] == protocol for row in rows)


def _ports(name: str, value: str) -> tuple[range, str]:
    """Read `80`, `80/udp` or `8000-9000/tcp`."""
    match = _PORTS.fullmatch(value)
    if match is None or int(match[2] or match[1]) > _HIGHEST_PORT:
        raise InvalidParameter(f"invalid filter '{name}={value}'")
    return range(int(match[1]), int(match[2] or match[1]) + 1), match[3] or "tcp"


def _health(container: Container) -> HealthStatus:
    health = container.record.state.health
    return health.status if health else HealthStatus.NONE


def _exited_with(container: Container, value: str) -> bool:
    state = container.record.state
    return state.status is Status.EXITED and state.exit_code == int(value)


def _has_label(container: Container, value: str) -> bool:
    labels = container.record.config.labels or {}
    name, equals, wanted = value.partition("=")
    return name in labels and (not equals or labels[name] == wanted)
