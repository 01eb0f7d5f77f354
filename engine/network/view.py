"""Networks as the API shows them."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from engine.linux.inet import ANY
from engine.network.endpoint import Endpoint
from engine.network.records import AddressSpace, Network


def network_json(
    network: Network, endpoints: Iterable[Endpoint] = (), name_of: Callable[[str], str] = str
) -> dict[str, Any]:
    """The API's Network object, with the containers of `endpoints` (the list leaves them out, as Docker's does)."""
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": _timestamp(network.created),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": True,
        "EnableIPv6": network.has_ipv6,
        "IPAM": {
            "Driver": "default",
            "Options": None if network.is_predefined else {},
            "Config": [*map(_ipam, network.spaces)],
        },
        "Internal": network.is_internal,
        "Attachable": network.is_attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {endpoint.container_id: _container(endpoint, name_of) for endpoint in endpoints},
        "Options": _options(network),
        "Labels": dict(network.labels),
    }


def _ipam(space: AddressSpace) -> dict[str, Any]:
    described: dict[str, Any] = {"Subnet": str(space.network)}
    if space.part is not None:
        described["IPRange"] = str(space.part)
    described["Gateway"] = str(space.gateway)
    if space.reserved:
        described["AuxiliaryAddresses"] = {name: str(address) for name, address in space.reserved.items()}
    return described


def _container(endpoint: Endpoint, name_of: Callable[[str], str]) -> dict[str, str]:
    return {
        "Name": name_of(endpoint.container_id),
        "EndpointID": endpoint.endpoint_id,
        "MacAddress": endpoint.mac,
        "IPv4Address": str(endpoint.address or ""),
        "IPv6Address": str(endpoint.address6 or ""),
    }


def _options(network: Network) -> dict[str, str]:
    """What was asked for; for the default bridge Docker's words for what it does, without its MTU, as that follows
    the host's uplink."""
    if not network.spaces or not network.is_predefined:
        return dict(network.options)
    return {
        "com.docker.network.bridge.default_bridge": "true",
        "com.docker.network.bridge.enable_icc": "true",
        "com.docker.network.bridge.enable_ip_masquerade": "true",
        "com.docker.network.bridge.host_binding_ipv4": ANY[4],
        "com.docker.network.bridge.name": network.interface,
    }


def _timestamp(nanoseconds: int) -> str:
    """RFC 3339 in UTC, with all nine digits."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
