"""One container, as its page shows it."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dashboard.containers import ports
from dashboard.containers.ports import Port
from dashboard.containers.state import State
from dashboard.hosts.times import read_time


@dataclass(frozen=True)
class Mount:
    """`source` is a path of the host, or a volume's name."""

    kind: str
    source: str
    target: str
    is_writable: bool

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Self:
        return cls(
            kind=entry.get("Type", ""),
            source=entry.get("Name") or entry.get("Source", ""),
            target=entry.get("Destination", ""),
            is_writable=bool(entry.get("RW")),
        )


@dataclass(frozen=True)
class Attachment:
    """The container's place in one network. Addresses are empty while it does not run."""

    network: str
    address: str
    gateway: str
    mac: str
    aliases: tuple[str, ...]

    @classmethod
    def from_json(cls, network: str, entry: Mapping[str, Any]) -> Self:
        return cls(
            network=network,
            address=entry.get("IPAddress", ""),
            gateway=entry.get("Gateway", ""),
            mac=entry.get("MacAddress", ""),
            aliases=tuple(entry.get("Aliases") or ()),
        )


@dataclass(frozen=True)
class Detail:
    """`GET /containers/ID/json`, of which `inspect` keeps the whole."""

    id: str
    name: str
    image: str
    image_id: str
    state: State
    exit_code: int
    error: str
    health: str
    is_oom_killed: bool
    has_tty: bool
    created: datetime | None
    started: datetime | None
    finished: datetime | None
    restart_policy: str
    command: str
    workdir: str
    user: str
    hostname: str
    environment: tuple[tuple[str, str], ...]
    labels: tuple[tuple[str, str], ...]
    ports: tuple[Port, ...]
    mounts: tuple[Mount, ...]
    networks: tuple[Attachment, ...]
    inspect: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        state, config, network = data["State"], data["Config"], data.get("NetworkSettings") or {}
        return cls(
            id=data["Id"],
            name=data["Name"].removeprefix("/"),
            image=config["Image"],
            image_id=data["Image"],
            state=State(state["Status"]),
            exit_code=int(state.get("ExitCode", 0)),
            error=state.get("Error", ""),
            health=(state.get("Health") or {}).get("Status", ""),
            is_oom_killed=bool(state.get("OOMKilled")),
            has_tty=bool(config.get("Tty")),
            created=read_time(data.get("Created")),
            started=read_time(state.get("StartedAt")),
            finished=read_time(state.get("FinishedAt")),
            restart_policy=((data.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name") or "no",
            command=shlex.join([data.get("Path", ""), *(data.get("Args") or ())]),
            workdir=config.get("WorkingDir") or "/",
            user=config.get("User") or "root",
            hostname=config.get("Hostname", ""),
            environment=tuple(_pair(entry) for entry in config.get("Env") or ()),
            labels=tuple(sorted((config.get("Labels") or {}).items())),
            ports=ports.from_inspect(network.get("Ports") or {}),
            mounts=tuple(Mount.from_json(entry) for entry in data.get("Mounts") or ()),
            networks=tuple(Attachment.from_json(*item) for item in (network.get("Networks") or {}).items()),
            inspect=json.dumps(data, indent=2, ensure_ascii=False),
        )

    @property
    def short_id(self) -> str:
        return self.id[:12]


def _pair(entry: str) -> tuple[str, str]:
    name, _, value = entry.partition("=")
    return name, value
