"""Which containers a list asks for: Docker's filters, each a set of alternatives, all of them to be met."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from engine.container.container import Container
from engine.container.health import HealthStatus
from engine.container.index import Index
from engine.container.state import Status
from engine.errors import InvalidParameter

_Test = Callable[[Container, str], bool]
_ID: Final = "id"


def select(containers: Iterable[Container], index: Index, filters: Mapping[str, Sequence[str]], *, all_: bool,
           images: Callable[[str], set[str]]) -> list[Container]:  # fmt: skip
    """The containers that pass, the newest first. Raises InvalidParameter for a filter that is none.

    Without `all_` only those with a process pass, unless `status` (or `exited`) asks otherwise. `images` gives the IDs
    that an `ancestor` stands for.
    """
    tests = _tests(index, images)
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


def _tests(index: Index, images: Callable[[str], set[str]]) -> dict[str, _Test]:
    return {
        _ID: lambda container, value: container.id.startswith(value),
        "name": lambda container, value: value.removeprefix("/") in container.name,
        "status": lambda container, value: container.status.value == value,
        "exited": _exited_with,
        "health": lambda container, value: _health(container) is HealthStatus(value),
        "label": _has_label,
        "ancestor": lambda container, value: (
            value == container.record.image_name or container.record.image_id in images(value)
        ),
        "volume": lambda container, value: any(
            value in {mounted.name, mounted.destination} for mounted in container.record.mounts
        ),
        "network": lambda container, value: value in container.record.wished_endpoints,
        "before": lambda container, value: container.record.created < index.find(value).record.created,
        "since": lambda container, value: container.record.created > index.find(value).record.created,
    }


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
