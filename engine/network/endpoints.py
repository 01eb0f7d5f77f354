"""Which container is on which networks, in memory and on disk, and which of them has its default route."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from engine.network.records import Endpoint, EndpointRecord
from engine.store import Records

_PREFIX: Final = "eth"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What a container asks of its place on one network; see `Endpoint` for names, links and priority."""

    mac: str = ""
    address: IPv4Address | None = None
    names: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    priority: int = 0


class Endpoints:
    """Every endpoint that is held now, by its container and its network."""

    def __init__(self, records: Records[EndpointRecord]) -> None:
        self._records = records
        self._held: dict[str, dict[str, Endpoint]] = {}

    def all(self) -> list[Endpoint]:
        return [endpoint for held in self._held.values() for endpoint in held.values()]

    def of(self, container_id: str) -> list[Endpoint]:
        """The container's endpoints, the one with its default route first."""
        held = self._held.get(container_id, {}).values()
        return sorted(held, key=lambda endpoint: (not endpoint.is_gateway, endpoint.interface))

    def get(self, container_id: str, network_id: str) -> Endpoint | None:
        return self._held.get(container_id, {}).get(network_id)

    def on(self, network_id: str) -> list[Endpoint]:
        return [held[network_id] for held in self._held.values() if network_id in held]

    def hold(self, endpoint: Endpoint) -> None:
        """Add it, or replace what is known of it; in memory only."""
        self._held.setdefault(endpoint.container_id, {})[endpoint.network_id] = endpoint

    def drop(self, endpoint: Endpoint) -> None:
        held = self._held.get(endpoint.container_id, {})
        held.pop(endpoint.network_id, None)
        if not held:
            self._held.pop(endpoint.container_id, None)

    def place(self, container_id: str, sandbox: Path) -> None:
        """The container's namespace is at `sandbox`."""
        for endpoint in self.of(container_id):
            self.hold(replace(endpoint, sandbox=sandbox))

    async def save(self, *endpoints: Endpoint) -> None:
        for endpoint in endpoints:
            await self._records.put(endpoint.endpoint_id, endpoint.to_record())

    async def delete(self, *endpoints: Endpoint) -> None:
        await self._records.delete(*(endpoint.endpoint_id for endpoint in endpoints))

    def free_interface(self, container_id: str) -> str:
        """The lowest `ethN` that the container does not have."""
        taken = {endpoint.interface for endpoint in self.of(container_id)}
        return next(name for number in range(len(taken) + 1) if (name := f"{_PREFIX}{number}") not in taken)

    def elect(self, container_id: str) -> list[Endpoint]:
        """Give the default route, and the published ports with it, to the endpoint that has the best claim; returns
        those for which that changed. The highest priority wins, then the first name (Docker's rule); an internal
        network leads nowhere."""
        held = self.of(container_id)
        able = [endpoint for endpoint in held if endpoint.gateway is not None]
        best = min(able, key=lambda endpoint: (-endpoint.priority, endpoint.network_name), default=None)
        ports = next((endpoint.ports for endpoint in held if endpoint.ports), ())
        changed = []
        for endpoint in held:
            is_best = endpoint is best
            if endpoint.is_gateway is not is_best:
                changed.append(replace(endpoint, is_gateway=is_best, ports=ports if is_best else ()))
                self.hold(changed[-1])
        return changed
