"""What goes on in a container, asked of its engine: its processes, and the files that differ from its image."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Self

from django.utils.translation import gettext as _

from dashboard.hosts.client import EngineFailure, engine, stream
from dashboard.hosts.models import Host

ADDED: Final = 1
DELETED: Final = 2


@dataclass(frozen=True)
class Processes:
    """`GET /containers/ID/top`: a table."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(tuple(data["Titles"]), tuple(tuple(row) for row in data["Processes"] or ()))


@dataclass(frozen=True)
class Change:
    """An entry of `GET /containers/ID/changes`."""

    kind: int
    path: str

    @property
    def label(self) -> str:
        return {ADDED: _("added"), DELETED: _("deleted")}.get(self.kind, _("changed"))


async def list_processes(host: Host, container_id: str) -> Processes | None:
    """None where the container does not run. Raises EngineFailure."""
    try:
        async with engine(host) as docker:
            return Processes.from_json(await docker.containers.container(container_id).top())
    except EngineFailure as failure:
        if failure.status != HTTPStatus.CONFLICT:
            raise
        return None


async def list_changes(host: Host, container_id: str) -> list[Change]:
    """By path. Raises EngineFailure."""
    async with engine(host) as docker, stream(docker, f"containers/{container_id}/changes", {}) as body:
        found = json.loads(await body.read())
    return sorted((Change(entry["Kind"], entry["Path"]) for entry in found or ()), key=lambda change: change.path)
