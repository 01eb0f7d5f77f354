"""A network, as its page and the list show it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

from dashboard.containers.summary import Summary
from dashboard.hosts.times import read_time

#: The networks that come with an engine; none of them can be removed.
PREDEFINED: Final = frozenset({"bridge", "host", "none"})


@dataclass(frozen=True)
class Member:
    """A running container in a network. Addresses have their prefix length, as in `172.17.0.2/16`."""

    id: str
    name: str
    ipv4: str
    ipv6: str
    mac: str

    @classmethod
    def from_json(cls, container_id: str, entry: Mapping[str, Any]) -> Self:
        return cls(
            id=container_id,
            name=entry.get("Name") or container_id[:12],
            ipv4=entry.get("IPv4Address", ""),
            ipv6=entry.get("IPv6Address", ""),
            mac=entry.get("MacAddress", ""),
        )


@dataclass(frozen=True)
class Network:
    """`GET /networks/ID`, of which `inspect` keeps the whole.

    `containers` are those configured for it, stopped ones too; `members`, of the detail alone, those that have an
    address in it now.
    """

    id: str
    name: str
    driver: str
    scope: str
    is_internal: bool
    is_attachable: bool
    created: datetime | None
    subnets: tuple[str, ...]
    gateways: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    containers: tuple[Summary, ...]
    members: tuple[Member, ...]
    inspect: str

    @classmethod
    def from_json(cls, data: Mapping[str, Any], containers: Iterable[Summary]) -> Self:
        """`containers` are all of the host; those that are not in the network are left out."""
        pools = (data.get("IPAM") or {}).get("Config") or ()
        members = (Member.from_json(*item) for item in (data.get("Containers") or {}).items())
        return cls(
            id=data["Id"],
            name=data["Name"],
            driver=data["Driver"],
            scope=data.get("Scope", ""),
            is_internal=bool(data.get("Internal")),
            is_attachable=bool(data.get("Attachable")),
            created=read_time(data.get("Created")),
            subnets=tuple(pool["Subnet"] for pool in pools if pool.get("Subnet")),
            gateways=tuple(pool["Gateway"] for pool in pools if pool.get("Gateway")),
            labels=tuple(sorted((data.get("Labels") or {}).items())),
            options=tuple(sorted((data.get("Options") or {}).items())),
            containers=tuple(container for container in containers if data["Name"] in container.networks),
            members=tuple(sorted(members, key=lambda member: member.name)),
            inspect=json.dumps(data, indent=2, ensure_ascii=False),
        )

    @property
    def short_id(self) -> str:
        return self.id[:12]

    @property
    def is_predefined(self) -> bool:
        return self.name in PREDEFINED

    @property
    def absent(self) -> tuple[Summary, ...]:
        """Containers configured for it that have no address now: they don't run."""
        present = {member.id for member in self.members}
        return tuple(container for container in self.containers if container.id not in present)
