"""A request for a network: read, checked, and made into a Network."""

import ipaddress
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from msgspec import Struct

from engine.errors import Forbidden, InvalidParameter, NotSupported
from engine.ids import check_name, random_id, short_id
from engine.network.records import (
    BRIDGE_NAME,
    HOST_BINDING,
    ICC,
    MASQUERADE,
    MTU,
    PREDEFINED,
    TRUTH,
    Network,
    make_plan,
)

#: The kernel's limit on an interface's name.
_INTERFACE_LENGTH: Final = 15
_SMALLEST_MTU, _LARGEST_MTU = 68, 65535


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
    is_internal: bool = False
    is_attachable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Addressing:
    """A checked IPAM configuration; None where nothing was said."""

    subnet: IPv4Network | None = None
    part: IPv4Network | None = None
    gateway: IPv4Address | None = None
    reserved: Mapping[str, IPv4Address] = field(default_factory=dict)


def check(request: NetworkRequest) -> Addressing:
    """Raise InvalidParameter, Forbidden or NotSupported for what can't be made; returns the addresses it names."""
    check_name("network", request.name)
    if request.name in PREDEFINED or request.name == "default":
        raise Forbidden(f"operation is not permitted on predefined {request.name} network")
    if request.driver in {"host", "null"}:
        raise Forbidden(f'only one instance of "{request.driver}" network is allowed')
    if request.driver != "bridge":
        raise NotSupported(f"network driver {request.driver!r} is not supported: the drivers are bridge, host and null")
    for name, value in request.options.items():
        _check_option(name, value)
    if len(request.subnets) > 1:
        raise NotSupported(f"{len(request.subnets)} IPAM configurations: only one subnet a network is supported")
    return _addressing(request.subnets[0]) if request.subnets else Addressing()


def make_network(request: NetworkRequest, addressing: Addressing, subnet: IPv4Network) -> Network:
    """The network on `subnet`, the one that was named or one that was chosen."""
    identifier = random_id()
    interface = request.options.get(BRIDGE_NAME) or f"br-{short_id(identifier)}"
    plan = make_plan(
        identifier, interface, subnet, addressing.gateway, request.options, is_internal=request.is_internal
    )
    return Network(
        identifier,
        request.name,
        request.driver,
        labels=request.labels,
        plan=plan,
        range=addressing.part,
        reserved=addressing.reserved,
        options=request.options,
        is_attachable=request.is_attachable,
        is_subnet_chosen=addressing.subnet is not None,
    )


def _addressing(said: SubnetRequest) -> Addressing:
    if not said.subnet:
        if said.ip_range or said.gateway or said.auxiliary_addresses:
            raise InvalidParameter("invalid network config: an IP range, gateway or auxiliary address needs a subnet")
        return Addressing()
    subnet = _network("subnet", said.subnet)
    if subnet.prefixlen > 30:
        raise InvalidParameter(f"invalid network config: subnet {subnet} has no room for a gateway and a container")
    part = _network("ip-range", said.ip_range) if said.ip_range else None
    if part is not None and not part.subnet_of(subnet):
        raise InvalidParameter(f"invalid network config: ip-range {part} is not in subnet {subnet}")
    gateway = _host("gateway", said.gateway, subnet) if said.gateway else None
    reserved = {
        name: _host("auxiliary address", text, subnet) for name, text in (said.auxiliary_addresses or {}).items()
    }
    return Addressing(subnet, part, gateway or _free_gateway(subnet, part, reserved.values()), reserved)


def _free_gateway(subnet: IPv4Network, part: IPv4Network | None, reserved: Iterable[IPv4Address]) -> IPv4Address:
    """The first address of the range, or of the subnet, that is reserved for nothing else (Docker's choice)."""
    edges = {subnet.network_address, subnet.broadcast_address}
    taken = {*reserved, *edges}
    for address in part or subnet:
        if address not in taken:
            return address
    raise InvalidParameter(f"invalid network config: every address of {part or subnet} is reserved")


def _network(what: str, text: str) -> IPv4Network:
    """The bits after the prefix must be zero, as Docker wants them."""
    try:
        found = ipaddress.ip_network(text)
    except ValueError as error:
        raise InvalidParameter(f"invalid network config: invalid {what} {text}: {error}") from error
    if isinstance(found, IPv4Network):
        return found
    raise NotSupported(f"invalid network config: {what} {text}: IPv6 is not supported")


def _host(what: str, text: str, subnet: IPv4Network) -> IPv4Address:
    try:
        address = IPv4Address(text)
    except ValueError as error:
        raise InvalidParameter(f"invalid network config: invalid {what} {text!r}: {error}") from error
    if address not in subnet or address in {subnet.network_address, subnet.broadcast_address}:
        raise InvalidParameter(f"invalid network config: {what} {address} is no host's address in subnet {subnet}")
    return address


def _check_option(name: str, value: str) -> None:
    checks: Mapping[str, Callable[[str], bool]] = {
        ICC: TRUTH.__contains__,
        MASQUERADE: TRUTH.__contains__,
        MTU: lambda text: text.isdecimal() and len(text) < 6 and _SMALLEST_MTU <= int(text) <= _LARGEST_MTU,
        HOST_BINDING: _is_address,
        BRIDGE_NAME: _is_interface_name,
    }
    if name not in checks:
        raise NotSupported(f"network option {name} is not supported")
    if not checks[name](value):
        raise InvalidParameter(f"invalid value for network option {name}: {value!r}")


def _is_address(text: str) -> bool:
    try:
        return bool(IPv4Address(text))
    except ValueError:
        return False


def _is_interface_name(text: str) -> bool:
    """What the kernel takes (dev_valid_name), and nothing that could be read as a pattern or a path."""
    is_plain = all(character.isascii() and (character.isalnum() or character in "-_.") for character in text)
    return 0 < len(text) <= _INTERFACE_LENGTH and is_plain and text not in {".", ".."}
