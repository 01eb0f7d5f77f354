"""A container's part in its networks, as inspect and list show it."""

from collections.abc import Iterable
from typing import Any

from engine.container.config import EndpointConfig
from engine.container.record import Record
from engine.network.endpoint import Endpoint
from engine.network.ports import ports_json, ports_summary
from engine.network.records import PREDEFINED
from engine.network.service import Networks
from engine.networkdriver.driver import PublishedPort


class Networking:
    """Reads the networks' service for the views."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def settings(self, record: Record) -> dict[str, Any]:
        """Docker's NetworkSettings; empty values where the container has no address now. The addresses at the top are
        those on the default bridge."""
        endpoints = self._networks.endpoints_of(record.id)
        first = next(iter(endpoints), None)
        default = next((each for each in endpoints if each.network_name in PREDEFINED), None)
        exposed = record.config.exposed_ports or {}
        return {
            "Bridge": "",
            "SandboxID": first.endpoint_id if first else "",
            "SandboxKey": str(first.sandbox) if first and first.sandbox else "",
            "Ports": ports_json(exposed, _published(endpoints)) if first else {},
            "HairpinMode": False,
            "LinkLocalIPv6Address": "",
            "LinkLocalIPv6PrefixLen": 0,
            "SecondaryIPAddresses": None,
            "SecondaryIPv6Addresses": None,
            **_addresses(default),
            "Networks": self.networks(record),
        }

    def networks(self, record: Record) -> dict[str, Any]:
        """The container's networks by name, each Docker's EndpointSettings."""
        held = {endpoint.network_name: endpoint for endpoint in self._networks.endpoints_of(record.id)}
        return {name: _described(wishes, held.get(name)) for name, wishes in record.wished_endpoints.items()}

    def ports(self, record: Record) -> list[dict[str, Any]]:
        endpoints = self._networks.endpoints_of(record.id)
        return ports_summary(record.config.exposed_ports or {}, _published(endpoints)) if endpoints else []


def _published(endpoints: Iterable[Endpoint]) -> list[PublishedPort]:
    """Those of both families, which may be published by different networks."""
    return [port for endpoint in endpoints for port in endpoint.ports]


def _described(wishes: EndpointConfig, endpoint: Endpoint | None) -> dict[str, Any]:
    return {
        "IPAMConfig": _ipam(wishes),
        "Links": wishes.links or None,
        "Aliases": wishes.aliases or None,
        "DriverOpts": wishes.driver_opts or None,
        "GwPriority": wishes.gw_priority,
        "NetworkID": endpoint.network_id if endpoint else "",
        **_addresses(endpoint),
        "DNSNames": [*endpoint.names] or None if endpoint else None,
    }


def _addresses(endpoint: Endpoint | None) -> dict[str, Any]:
    address = endpoint.address if endpoint else None
    address6 = endpoint.address6 if endpoint else None
    return {
        "MacAddress": endpoint.mac if endpoint else "",
        "EndpointID": endpoint.endpoint_id if endpoint else "",
        "Gateway": str(endpoint.gateway) if endpoint and endpoint.gateway else "",
        "IPAddress": str(address.ip) if address else "",
        "IPPrefixLen": address.network.prefixlen if address else 0,
        "IPv6Gateway": str(endpoint.gateway6) if endpoint and endpoint.gateway6 else "",
        "GlobalIPv6Address": str(address6.ip) if address6 else "",
        "GlobalIPv6PrefixLen": address6.network.prefixlen if address6 else 0,
    }


def _ipam(wishes: EndpointConfig) -> dict[str, Any] | None:
    """Docker's EndpointIPAMConfig; None where nothing was asked for."""
    said: dict[str, Any] = {f"IPv{version}Address": text for version, text in wishes.addresses.items()}
    return said | ({"LinkLocalIPs": wishes.link_local} if wishes.link_local else {}) or None
