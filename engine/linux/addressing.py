"""Addresses and routes as changes for netlink, and as the kernel lists them; both families."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface, ip_address
from typing import Any, Final

from pyroute2.netlink.rtnl import RTM_GETADDR, RTM_GETROUTE, RTM_NEWADDR, RTM_NEWROUTE
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from engine.linux.inet import ANY, FAMILIES, IPAddress, IPInterface, IPNetwork, interface_of, network_of
from engine.linux.netlink import CREATE, REPLACE, Request, RouteSocket

_MAIN_TABLE, _PROTO_BOOT, _UNICAST = 254, 3, 1
_NO_DETECTION: Final = 0x02  # IFA_F_NODAD


def add_address(index: int, address: IPInterface, *, at_once: bool = False) -> Request:
    """The address, with its subnet's broadcast address (IPv4); one that is there already is no error.

    An IPv6 address is of use when the interface has looked for another that has it; with `at_once` that is not done:
    an interface without a carrier would look for ever.
    """
    values = [("IFA_LOCAL", str(address.ip)), ("IFA_ADDRESS", str(address.ip))]
    if isinstance(address, IPv4Interface):
        values.append(("IFA_BROADCAST", str(address.network.broadcast_address)))
    fields: Mapping[str, int] = {
        "family": FAMILIES[address.version],
        "prefixlen": address.network.prefixlen,
        "index": index,
        "flags": _NO_DETECTION if at_once and address.version == 6 else 0,
    }
    what = f"add address {address} to interface {index}"
    return Request(what, ifaddrmsg, RTM_NEWADDR, CREATE | REPLACE, fields, tuple(values))


def set_default_route(index: int, gateway: IPAddress | None, version: int) -> Request:
    """In the place of the one that there is. Without a gateway all is sent by the interface itself."""
    way = [("RTA_GATEWAY", str(gateway))] if gateway is not None else []
    return Request(
        f"set default route by {gateway or 'the interface'}",
        rtmsg,
        RTM_NEWROUTE,
        CREATE | REPLACE,
        {"family": FAMILIES[version], "table": _MAIN_TABLE, "proto": _PROTO_BOOT, "type": _UNICAST},
        (*way, ("RTA_OIF", index)),
    )


@dataclass(frozen=True, slots=True)
class Route:
    """One route: `destination` with a prefix of length 0 is the default route; `index` is the interface's, 0 for
    none."""

    destination: IPNetwork
    index: int


def routes(route: RouteSocket, version: int = 4) -> list[Route]:
    """Every route of every table, the connected ones and those of the host's own addresses included."""
    request = Request("list routes", rtmsg, RTM_GETROUTE, fields={"family": FAMILIES[version]})
    return [
        Route(
            network_of(message.get_attr("RTA_DST") or ANY[version], message["dst_len"], version),
            message.get_attr("RTA_OIF") or 0,
        )
        for message in route.dump(request)
    ]


def addresses(route: RouteSocket, version: int = 4) -> list[tuple[int, IPInterface]]:
    """Every address with the index of the interface that has it."""
    request = Request("list addresses", ifaddrmsg, RTM_GETADDR, fields={"family": FAMILIES[version]})
    return [(message["index"], _interface(message)) for message in route.dump(request)]


def _interface(message: Any) -> IPInterface:
    text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    return interface_of(ip_address(text), message["prefixlen"])
