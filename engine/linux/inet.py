"""Internet addresses of both families: the types, and what is said of an address's family."""

import socket
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Final

IPAddress = IPv4Address | IPv6Address
IPInterface = IPv4Interface | IPv6Interface
IPNetwork = IPv4Network | IPv6Network

#: "All addresses of the host", by family.
ANY: Final = {4: "0.0.0.0", 6: "::"}  # noqa: S104
FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


def network_of(address: bytes | str | int, length: int, version: int) -> IPNetwork:
    return IPv4Network((address, length)) if version == 4 else IPv6Network((address, length))


def interface_of(address: IPAddress, length: int) -> IPInterface:
    if isinstance(address, IPv4Address):
        return IPv4Interface((address, length))
    return IPv6Interface((address, length))


def link_local(mac: str) -> IPv6Address:
    """The address that an interface gives itself from its MAC (RFC 4291, appendix A: modified EUI-64)."""
    first, *rest = bytes.fromhex(mac.replace(":", ""))
    return IPv6Address(bytes([0xFE, 0x80, *[0] * 6, first ^ 2, *rest[:2], 0xFF, 0xFE, *rest[2:]]))
