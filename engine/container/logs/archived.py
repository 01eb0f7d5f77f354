"""The log of a container that is no more: what is noted of it, and how clients see and choose it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from engine.errors import InvalidParameter


class ArchivedLog(Struct, frozen=True, kw_only=True):
    """What the note beside a log says of its container. Times are Unix nanoseconds, 0 for never.

    `details` is what `docker logs --details` showed before each line; `size` (bytes on the disk) is not noted, but
    looked up.
    """

    id: str
    name: str
    image: str
    image_id: str
    created: int
    started: int
    finished: int
    removed: int
    exit_code: int
    tty: bool = False
    labels: dict[str, str] = {}
    details: str = ""
    size: int = 0


_Test = Callable[[ArchivedLog, str], bool]


def _has_label(log: ArchivedLog, wanted: str) -> bool:
    name, equals, value = wanted.partition("=")
    return name in log.labels and (not equals or log.labels[name] == value)


def _has_image(log: ArchivedLog, wanted: str) -> bool:
    """By the name that the container was made with, its tag left out or not, or by the image's ID."""
    named = log.image in {wanted, f"{wanted}:latest"} or log.image.rpartition(":")[0] == wanted
    return named or (len(wanted) >= _SHORTEST_ID and log.image_id.removeprefix("sha256:").startswith(wanted))


_SHORTEST_ID: Final = 4
_TESTS: Final[Mapping[str, _Test]] = {
    "id": lambda log, value: log.id.startswith(value),
    "name": lambda log, value: _matches(log.name, value),
    "image": _has_image,
    "label": _has_label,
}


def select(logs: Iterable[ArchivedLog], filters: Mapping[str, Sequence[str]]) -> list[ArchivedLog]:
    """Those that pass, the last removed first: of a filter's values one must fit, of labels all.

    Raises InvalidParameter for a filter that is none.
    """
    for name in filters:
        if name not in _TESTS:
            raise InvalidParameter(f"invalid filter '{name}'")
    chosen = [log for log in logs if all(_passes(log, name, values) for name, values in filters.items())]
    return sorted(chosen, key=lambda log: log.removed, reverse=True)


def _passes(log: ArchivedLog, name: str, values: Sequence[str]) -> bool:
    combine = all if name == "label" else any
    return combine(_TESTS[name](log, value) for value in values)


def _matches(name: str, pattern: str) -> bool:
    """A regular expression, as in Docker's filters."""
    try:
        return re.search(pattern.removeprefix("/"), name) is not None
    except re.error as error:
        raise InvalidParameter(f"invalid filter 'name={pattern}': {error}") from None


def to_json(log: ArchivedLog, time: Callable[[int], str]) -> dict[str, Any]:
    """A row of GET /logs/archive; `time` writes the API's times."""
    return {
        "Id": log.id,
        "Name": log.name,
        "Image": log.image,
        "ImageID": log.image_id,
        "Created": time(log.created),
        "StartedAt": time(log.started),
        "FinishedAt": time(log.finished),
        "RemovedAt": time(log.removed),
        "ExitCode": log.exit_code,
        "Tty": log.tty,
        "Labels": log.labels,
        "Size": log.size,
    }
