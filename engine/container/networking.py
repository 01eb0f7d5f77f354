"""A container's part in its network, as inspect and list show it."""

from typing import Any

from engine.container.checks.modes import JOIN
from engine.container.record import Record
from engine.network.ports import ports_json, ports_summary
from engine.network.records import Endpoint
from engine.network.service import Networks


class Networking:
    """Reads the networks' service for the views."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def settings(self, record: Record) -> dict[str, Any]:
        """Docker's NetworkSettings; empty values where the container has no address now."""
        endpoint = self._networks.endpoint(record.id)
        exposed = record.config.exposed_ports or {}
        published = endpoint.ports if endpoint else ()
        return {
            "Bridge": "",
            "SandboxID": endpoint.endpoint_id if endpoint else "",
            "SandboxKey": str(endpoint.sandbox) if endpoint and endpoint.sandbox else "",
            "Ports": ports_json(exposed, published) if endpoint else {},
            "HairpinMode": False,
            "LinkLocalIPv6Address": "",
            "LinkLocalIPv6PrefixLen": 0,
            "SecondaryIPAddresses": None,
            "SecondaryIPv6Addresses": None,
            **_addresses(endpoint),
            "Networks": self.networks(record),
        }

    def networks(self, record: Record) -> dict[str, Any]:
        """The container's networks by name, each Docker's EndpointSettings."""
        if record.network.startswith(JOIN):
            return {}  # what there is to tell is told of the container that is joined
        endpoint = self._networks.endpoint(record.id)
        described = {
            "IPAMConfig": {"IPv4Address": record.ip_address} if record.ip_address else None,
            "Links": None,
            "Aliases": None,
            "DriverOpts": None,
            "GwPriority": 0,
            "NetworkID": endpoint.network_id if endpoint else "",
            **_addresses(endpoint),
            "DNSNames": None,
        }
        return {record.network: described}

    def ports(self, record: Record) -> list[dict[str, Any]]:
        endpoint = self._networks.endpoint(record.id)
        exposed = record.config.exposed_ports or {}
        return ports_summary(exposed, endpoint.ports) if endpoint else []


def _addresses(endpoint: Endpoint | None) -> dict[str, Any]:
    address = endpoint.address if endpoint else None
    return {
        "MacAddress": endpoint.mac if endpoint else "",
        "EndpointID": endpoint.endpoint_id if endpoint else "",
        "Gateway": str(endpoint.gateway) if endpoint and endpoint.gateway else "",
        "IPAddress": str(address.ip) if address else "",
        "IPPrefixLen": address.network.prefixlen if address else 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
    }
