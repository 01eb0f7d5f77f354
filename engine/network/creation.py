"""A request for a network: read, checked, and made into a Network."""

import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from msgspec import Struct

from engine.errors import Forbidden, InvalidParameter, NotSupported
from engine.ids import check_name, random_id, short_id
from engine.linux.inet import IPAddress, IPNetwork
from engine.network.ipam import edges
from engine.network.options import BRIDGE_NAME, MODES, PARENT, check_options
from engine.network.records import PREDEFINED, AddressSpace, Network

_DRIVERS: Final = ("bridge", *MODES)


class SubnetRequest(Struct, rename="pascal"):
    """One IPAM configuration: `subnet` and `ip_range` in CIDR form; empty where the engine may choose."""

    subnet: str = ""
    ip_range: str = ""
    gateway: str = ""
    auxiliary_addresses: dict[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class NetworkRequest:
    """What a client wants of a new network; `driver` and `options` in Docker's words."""

    name: str
    driver: str = "bridge"
    subnets: Sequence[SubnetRequest] = ()
    has_ipv6: bool = False
    is_internal: bool = False
    is_attachable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


def check(request: NetworkRequest) -> tuple[AddressSpace, ...]:
    """Raise InvalidParameter, Forbidden or NotSupported for what can't be made; returns the subnets that it names."""
    check_name("network", request.name)
    if request.name in PREDEFINED or request.name == "default":
        raise Forbidden(f"operation is not permitted on predefined {request.name} network")
    if request.driver in {"host", "null"}:
        raise Forbidden(f'only one instance of "{request.driver}" network is allowed')
    if request.driver not in _DRIVERS:
        names = ", ".join((*_DRIVERS, "host", "null"))
        raise NotSupported(f"network driver {request.driver!r} is not supported: the drivers are {names}")
    check_options(request.driver, request.options, has_ipv6=request.has_ipv6)
    spaces = tuple(space for said in request.subnets for space in _space(said))
    _check_families(request, spaces)
    return spaces


def missing_families(request: NetworkRequest, spaces: Iterable[AddressSpace]) -> list[int]:
    """The families (4, 6) for which the engine is to choose a subnet."""
    named = {space.network.version for space in spaces}
    return [version for version in (4, *((6,) if request.has_ipv6 else ())) if version not in named]


def space_of(network: IPNetwork) -> AddressSpace:
    """A subnet of the engine's choice; its first address is the gateway's."""
    return AddressSpace(network, network.network_address + 1)


def make_network(request: NetworkRequest, spaces: Iterable[AddressSpace]) -> Network:
    """The network on `spaces`, those that were named and those that were chosen; IPv4's come first."""
    identifier = random_id()
    return Network(
        identifier,
        request.name,
        request.driver,
        labels=request.labels,
        interface=_interface(request, identifier),
        spaces=tuple(sorted(spaces, key=lambda space: space.network.version)),
        options=request.options,
        is_internal=request.is_internal,
        is_attachable=request.is_attachable,
    )


def _interface(request: NetworkRequest, identifier: str) -> str:
    """On the host: the bridge, or what the containers' interfaces stand on; without a parent one that leads nowhere."""
    if request.driver in MODES:
        return request.options.get(PARENT) or f"dm-{short_id(identifier)}"
    return request.options.get(BRIDGE_NAME) or f"br-{short_id(identifier)}"


def _check_families(request: NetworkRequest, spaces: Sequence[AddressSpace]) -> None:
    networks = [space.network for space in spaces]
    counts = Counter(network.version for network in networks)
    if request.driver == "bridge" and max(counts.values(), default=0) > 1:
        raise Forbidden("bridge driver doesn't support multiple subnets")
    if counts[6] and not request.has_ipv6:
        first = next(network for network in networks if network.version == 6)
        raise InvalidParameter(f"invalid network config: IPv6 subnet {first} on a network without IPv6 (EnableIPv6)")
    for number, network in enumerate(networks):
        if any(each.version == network.version and each.overlaps(network) for each in networks[:number]):
            raise InvalidParameter(f"invalid network config: subnet {network} overlaps another of the network")


def _space(said: SubnetRequest) -> list[AddressSpace]:
    if not said.subnet:
        if said.ip_range or said.gateway or said.auxiliary_addresses:
            raise InvalidParameter("invalid network config: an IP range, gateway or auxiliary address needs a subnet")
        return []
    subnet = _network("subnet", said.subnet)
    if subnet.max_prefixlen - subnet.prefixlen < 2:
        raise InvalidParameter(f"invalid network config: subnet {subnet} has no room for a gateway and a container")
    part = _network("ip-range", said.ip_range) if said.ip_range else None
    if part is not None and not _is_within(part, subnet):
        raise InvalidParameter(f"invalid network config: ip-range {part} is not in subnet {subnet}")
    gateway = _host("gateway", said.gateway, subnet) if said.gateway else None
    reserved = {
        name: _host("auxiliary address", text, subnet) for name, text in (said.auxiliary_addresses or {}).items()
    }
    gateway = gateway or _free_gateway(subnet, part, reserved.values())
    return [AddressSpace(subnet, gateway, part, reserved, is_chosen=True)]


def _free_gateway(subnet: IPNetwork, part: IPNetwork | None, reserved: Iterable[IPAddress]) -> IPAddress:
    """The first address of the range, or of the subnet, that is reserved for nothing else (Docker's choice)."""
    taken = {*reserved, *edges(subnet)}
    for address in part or subnet:
        if address not in taken:
            return address
    raise InvalidParameter(f"invalid network config: every address of {part or subnet} is reserved")


def _network(what: str, text: str) -> IPNetwork:
    """The bits after the prefix must be zero, as Docker wants them."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise InvalidParameter(f"invalid network config: invalid {what} {text}: {error}") from error


def _is_within(part: IPNetwork, subnet: IPNetwork) -> bool:
    return part.version == subnet.version and part.subnet_of(subnet)  # type: ignore[arg-type]  # the same by now


def _host(what: str, text: str, subnet: IPNetwork) -> IPAddress:
    try:
        address = ip_address(text)
    except ValueError as error:
        raise InvalidParameter(f"invalid network config: invalid {what} {text!r}: {error}") from error
    if address not in subnet or address in edges(subnet):
        raise InvalidParameter(f"invalid network config: {what} {address} is no host's address in subnet {subnet}")
    return address
