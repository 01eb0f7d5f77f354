"""Which container is on which networks, in memory and on disk, and which of them has its default route."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.errors import Conflict
from engine.ids import short_id
from engine.linux.inet import IPAddress, IPInterface
from engine.network.endpoint import Endpoint, EndpointRecord
from engine.store import Records


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What a container asks of its place on one network: at most one address of a family, and link-local ones besides;
    a name for its interface; see `Endpoint` for the rest. A sysctl's path has `IFNAME` where the interface's name
    belongs."""

    mac: str = ""
    addresses: tuple[IPAddress, ...] = ()
    link_local: tuple[IPInterface, ...] = ()
    interface: str = ""
    sysctls: tuple[tuple[str, str], ...] = ()
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

    def free_interface(self, container_id: str, prefix: str, wanted: str = "") -> str:
        """`wanted`, or the lowest `ethN` (`prefix` is `eth`) that the container does not have. Raises Conflict."""
        taken = {endpoint.interface for endpoint in self.of(container_id)}
        if wanted in taken:
            raise Conflict(f"container {short_id(container_id)} has an interface {wanted} already")
        return wanted or next(name for number in range(len(taken) + 1) if (name := f"{prefix}{number}") not in taken)

    def elect(self, container_id: str) -> list[Endpoint]:
        """Give the default routes, of each family, to the endpoints that have the best claim; returns those for which
        that changed. The highest priority wins, then the first name (Docker's rule); an internal network leads
        nowhere."""
        held = self.of(container_id)
        best = _best([endpoint for endpoint in held if endpoint.gateway is not None])
        best6 = _best([endpoint for endpoint in held if endpoint.gateway6 is not None])
        changed = []
        for endpoint in held:
            claims = endpoint is best, endpoint is best6
            if claims != (endpoint.is_gateway, endpoint.is_gateway6):
                changed.append(replace(endpoint, is_gateway=claims[0], is_gateway6=claims[1]))
                self.hold(changed[-1])
        return changed


def _best(able: list[Endpoint]) -> Endpoint | None:
    return min(able, key=lambda endpoint: (-endpoint.priority, endpoint.network_name), default=None)
