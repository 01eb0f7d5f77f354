"""One image, as its page shows it."""

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from dashboard.containers.summary import Summary as Container
from dashboard.hosts.times import read_time

#: What the classic builder writes before an instruction that ran nothing, and before one that ran a shell.
_NOTHING_RAN: Final = "/bin/sh -c #(nop) "
_SHELL_RAN: Final = "/bin/sh -c "


@dataclass(frozen=True)
class Step:
    """One entry of the image's history. `size` is in bytes, and 0 where the step left the files alone."""

    instruction: str
    size: int
    created: datetime | None
    comment: str

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        return cls(
            instruction=_instruction(entry.get("CreatedBy") or ""),
            size=int(entry.get("Size") or 0),
            created=datetime.fromtimestamp(entry["Created"], UTC) if entry.get("Created", 0) > 0 else None,
            comment=entry.get("Comment") or "",
        )


@dataclass(frozen=True)
class Detail:
    """`GET /images/NAME/json`, of which `inspect` keeps the whole, its history from the base up, and its containers."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    size: int
    created: datetime | None
    platform: str
    command: str
    entrypoint: str
    workdir: str
    user: str
    stop_signal: str
    ports: tuple[str, ...]
    volumes: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    layers: tuple[str, ...]
    history: tuple[Step, ...]
    containers: tuple[Container, ...]
    inspect: str

    @classmethod
    def from_json(
        cls, data: Mapping[str, Any], history: Iterable[Mapping[str, Any]], containers: Iterable[Container]
    ) -> Self:
        """`history` is the answer of `GET /images/NAME/history`, newest first; `containers` are all of the host."""
        config = data.get("Config") or {}
        platform = (data.get("Os"), data.get("Architecture"), data.get("Variant"))
        return cls(
            id=data["Id"],
            tags=tuple(data.get("RepoTags") or ()),
            digests=tuple(data.get("RepoDigests") or ()),
            size=int(data["Size"]),
            created=read_time(data.get("Created")),
            platform="/".join(part for part in platform if part),
            command=shlex.join(config.get("Cmd") or ()),
            entrypoint=shlex.join(config.get("Entrypoint") or ()),
            workdir=config.get("WorkingDir") or "/",
            user=config.get("User") or "root",
            stop_signal=config.get("StopSignal") or "SIGTERM",
            ports=tuple(sorted(config.get("ExposedPorts") or ())),
            volumes=tuple(sorted(config.get("Volumes") or ())),
            environment=tuple(_pair(entry) for entry in config.get("Env") or ()),
            labels=tuple(sorted((config.get("Labels") or {}).items())),
            layers=tuple((data.get("RootFS") or {}).get("Layers") or ()),
            history=tuple(reversed([Step.from_json(entry) for entry in history])),
            containers=tuple(container for container in containers if container.image_id == data["Id"]),
            inspect=json.dumps(data, indent=2, ensure_ascii=False),
        )

    @property
    def hex_id(self) -> str:
        return self.id.removeprefix("sha256:")

    @property
    def name(self) -> str:
        """What it is called: its first tag, or the beginning of its ID."""
        return self.tags[0] if self.tags else self.hex_id[:12]

    @property
    def reference(self) -> str:
        """What it can be run by."""
        return self.tags[0] if self.tags else self.id


def _instruction(created_by: str) -> str:
    """As it stands in a Dockerfile."""
    if created_by.startswith(_NOTHING_RAN):
        return created_by.removeprefix(_NOTHING_RAN).strip()
    if created_by.startswith(_SHELL_RAN):
        return "RUN " + created_by.removeprefix(_SHELL_RAN).strip()
    return created_by.strip()


def _pair(entry: str) -> tuple[str, str]:
    name, _, value = entry.partition("=")
    return name, value
