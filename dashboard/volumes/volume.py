"""A volume, as its page and the list show it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dashboard.containers.summary import Summary
from dashboard.hosts.times import read_time


@dataclass(frozen=True)
class Volume:
    """`GET /volumes/NAME`, of which `inspect` keeps the whole, and the containers that have it mounted."""

    name: str
    driver: str
    mountpoint: str
    scope: str
    created: datetime | None
    labels: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    containers: tuple[Summary, ...]
    inspect: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any], containers: Iterable[Summary]) -> Self:
        """`containers` are all of the host; those that don't use the volume are left out."""
        return cls(
            name=data["Name"],
            driver=data["Driver"],
            mountpoint=data.get("Mountpoint", ""),
            scope=data.get("Scope", ""),
            created=read_time(data.get("CreatedAt")),
            labels=tuple(sorted((data.get("Labels") or {}).items())),
            options=tuple(sorted((data.get("Options") or {}).items())),
            containers=tuple(container for container in containers if data["Name"] in container.volumes),
            inspect=json.dumps(data, indent=2, ensure_ascii=False),
        )
