"""A container as a row of the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from dashboard.containers import ports
from dashboard.containers.ports import Port
from dashboard.containers.state import State


@dataclass(frozen=True)
class Summary:
    """One entry of `GET /containers/json`. `volumes` and `networks` are names of what it uses."""

    id: str
    name: str
    image: str
    command: str
    state: State
    status: str
    created: datetime
    ports: tuple[Port, ...]
    image_id: str = ""
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        return cls(
            id=entry["Id"],
            name=_name(entry),
            image=entry["Image"],
            command=entry.get("Command", ""),
            state=State(entry["State"]),
            status=entry["Status"],
            created=datetime.fromtimestamp(entry["Created"], UTC),
            ports=ports.from_summary(entry.get("Ports") or ()),
            image_id=entry.get("ImageID", ""),
            volumes=_volumes(entry),
            networks=tuple((entry.get("NetworkSettings") or {}).get("Networks") or ()),
        )

    @property
    def short_id(self) -> str:
        return self.id[:12]


def _name(entry: Mapping[str, Any]) -> str:
    """Links give a container further names, such as `/other/alias`; its own has one slash."""
    names: list[str] = [name.removeprefix("/") for name in entry.get("Names") or ()]
    own = [name for name in names if "/" not in name]
    return next(iter(own or names), str(entry["Id"])[:12])


def _volumes(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(mount["Name"] for mount in entry.get("Mounts") or () if mount.get("Type") == "volume")
