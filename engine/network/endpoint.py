"""A container's place on a network as a value, and as the record that outlives the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_interface
from pathlib import Path

import msgspec

from engine.linux.inet import IPAddress, IPInterface
from engine.network.records import Network
from engine.networkdriver.driver import Link, PublishedPort


class EndpointRecord(msgspec.Struct, frozen=True):
    """An endpoint on disk: written before anything of it exists in the kernel, deleted when nothing does."""

    endpoint_id: str
    container_id: str
    name: str
    network_id: str
    mac: str = ""
    address: str = ""
    address6: str = ""
    link_local: tuple[str, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    interface: str = "eth0"
    is_gateway: bool = True
    is_gateway6: bool = True
    priority: int = 0
    names: tuple[str, ...] = ()
    links: dict[str, str] = {}
    sysctls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One container's place on one network.

    `mac` is empty, addresses and gateways are None on host and none; an internal network has no gateways either.
    `is_gateway` and `is_gateway6` say that the container's default route of IPv4, of IPv6 goes here; its ports are
    published where that of IPv4 goes. `priority` is its claim to that. `link_local` are further addresses. `names` are
    those under which others on the network find it, lower case; `links` are names that only this container knows others
    by: its own word → a name on the network. `sysctls` are files below /proc/sys and their values. `sandbox` is the
    path of the container's network namespace, None while it has none of its own.
    """

    container_id: str
    name: str
    network_id: str
    network_name: str
    endpoint_id: str
    mac: str = ""
    address: IPv4Interface | None = None
    gateway: IPv4Address | None = None
    address6: IPv6Interface | None = None
    gateway6: IPv6Address | None = None
    link_local: tuple[IPInterface, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    sandbox: Path | None = None
    interface: str = "eth0"
    is_gateway: bool = False
    is_gateway6: bool = False
    priority: int = 0
    names: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    sysctls: tuple[tuple[str, str], ...] = ()

    def to_record(self) -> EndpointRecord:
        return EndpointRecord(
            endpoint_id=self.endpoint_id,
            container_id=self.container_id,
            name=self.name,
            network_id=self.network_id,
            mac=self.mac,
            address=str(self.address or ""),
            address6=str(self.address6 or ""),
            link_local=tuple(map(str, self.link_local)),
            ports=self.ports,
            interface=self.interface,
            is_gateway=self.is_gateway,
            is_gateway6=self.is_gateway6,
            priority=self.priority,
            names=self.names,
            links=dict(self.links),
            sysctls=self.sysctls,
        )

    @classmethod
    def from_record(cls, record: EndpointRecord, network: Network, sandbox: Path | None) -> "Endpoint":
        endpoint = cls(
            container_id=record.container_id,
            name=record.name,
            network_id=record.network_id,
            network_name=network.name,
            endpoint_id=record.endpoint_id,
            mac=record.mac,
            link_local=tuple(map(ip_interface, record.link_local)),
            ports=record.ports,
            sandbox=sandbox,
            interface=record.interface,
            is_gateway=record.is_gateway,
            is_gateway6=record.is_gateway6,
            priority=record.priority,
            names=record.names,
            links=record.links,
            sysctls=record.sysctls,
        )
        given = [ip_interface(text) for text in (record.address, record.address6) if text]
        return endpoint.at(network, *given)

    def at(self, network: Network, *addresses: IPInterface) -> "Endpoint":
        """This endpoint with the addresses, one of a family at most, and the ways outside that go with them."""
        found = {each.version: each for each in addresses}
        hops = {version: network.next_hop(each.ip) for version, each in found.items()}
        values = {"address": found.get(4), "gateway": hops.get(4), "address6": found.get(6), "gateway6": hops.get(6)}
        return replace(self, **values)  # type: ignore[arg-type]  # of each family its own type

    @property
    def addresses(self) -> tuple[IPInterface, ...]:
        """Those that others reach it by."""
        return tuple(each for each in (self.address, self.address6) if each is not None)

    @property
    def gateways(self) -> tuple[IPAddress, ...]:
        """The next hops of those of the container's default routes that go here."""
        claims = ((self.gateway, self.is_gateway), (self.gateway6, self.is_gateway6))
        return tuple(gateway for gateway, is_mine in claims if is_mine and gateway is not None)

    @property
    def link(self) -> Link:
        """What the driver must know; only for an endpoint with an address."""
        addresses = (*self.addresses, *self.link_local)
        return Link(self.endpoint_id, self.mac, addresses, self.gateways, self.ports, self.interface, self.sysctls)
