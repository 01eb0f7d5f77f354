"""An event of an engine, as the page of events shows it."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from django.urls import reverse

from dashboard.hosts.reference import NameConverter

_NAME: Final = re.compile(NameConverter.regex)
_GONE: Final = frozenset({"destroy", "remove", "delete"})


@dataclass(frozen=True)
class Event:
    """Docker's EventMessage. `nano` is its time in Unix nanoseconds, in digits: JavaScript's numbers are too short.

    `url` is the page of what it happened to; empty where there is none, or none any more.
    """

    nano: str
    kind: str
    action: str
    id: str
    name: str
    details: tuple[tuple[str, str], ...]
    url: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any], host: str) -> Self:
        actor = data.get("Actor") or {}
        attributes: Mapping[str, str] = actor.get("Attributes") or {}
        kind, action, identifier = str(data.get("Type", "")), str(data.get("Action", "")), str(actor.get("ID", ""))
        return cls(
            nano=str(data.get("timeNano") or int(data.get("time", 0)) * 1_000_000_000),
            kind=kind,
            action=action,
            id=identifier,
            name=attributes.get("name") or identifier.removeprefix("sha256:")[:64],
            details=tuple(sorted(item for item in attributes.items() if item[0] != "name")),
            url="" if action in _GONE else _page(host, kind, identifier),
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def _page(host: str, kind: str, identifier: str) -> str:
    """An image is found by its ID alone: the name in an event may be another's by now."""
    if kind == "image" and not identifier.startswith("sha256:"):
        return ""
    plain = identifier.removeprefix("sha256:")
    if kind not in {"container", "image", "volume", "network"} or not _NAME.fullmatch(plain):
        return ""
    return reverse(f"{kind}s:show", args=[host, plain])
