"""rtnetlink: interfaces, addresses and routes, many changes in one system call.

The messages are pyroute2's; the socket is our own, as the kernel handles requests before sendmsg(2) returns: there is
nothing to wait for, and no event loop is needed. A socket speaks to the network namespace of the thread that opened it.
"""

import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, Final, Self

from pyroute2.netlink import nlmsg
from pyroute2.netlink.rtnl import (
    RTM_DELLINK,
    RTM_GETADDR,
    RTM_GETLINK,
    RTM_GETROUTE,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWROUTE,
)
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from engine.linux.wire import Message, attributes, messages

LOOPBACK_INDEX: Final = 1  # in every namespace

_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_EXCLUSIVE, _CREATE, _REPLACE = 0x200, 0x400, 0x100
_ERROR, _DONE = 2, 3  # message types
_HAS_TEXT = 0x200  # NLM_F_ACK_TLVS: the error carries attributes, among them the kernel's own words
_SOL_NETLINK, _CAP_ACK, _EXT_ACK, _STRICT_DUMP = 270, 10, 11, 12
_IFF_UP = 1
_MAIN_TABLE, _PROTO_BOOT, _UNICAST = 254, 3, 1
_HAIRPIN_MODE = 1
_BUFFER: Final = 1 << 18


@dataclass(frozen=True)
class Request:
    """One change. `what` is its description in errors."""

    what: str
    message: type[nlmsg]
    number: int
    flags: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)
    attributes: tuple[tuple[str, Any], ...] = ()

    def encode(self, sequence: int, flags: int) -> bytes:
        message = self.message()
        message["header"]["type"] = self.number
        message["header"]["flags"] = _REQUEST | self.flags | flags
        message["header"]["sequence_number"] = sequence
        for name, value in self.fields.items():
            message[name] = value
        message["attrs"] = list(self.attributes)
        message.encode()
        return bytes(message.data)


class RouteSocket:
    """A NETLINK_ROUTE socket. Not for two threads at once."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        for option in (_CAP_ACK, _EXT_ACK, _STRICT_DUMP):
            self._socket.setsockopt(_SOL_NETLINK, option, 1)
        self._socket.bind((0, 0))
        self._sequence = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def transact(self, *requests: Request) -> None:
        """Make all changes, in order, in one call. Raises OSError for the first that fails; all are tried."""
        first = self._sequence + 1
        self._sequence += len(requests)
        self._socket.send(b"".join(request.encode(first + i, _ACK) for i, request in enumerate(requests)))
        failures: list[OSError] = []
        answered = 0
        while answered < len(requests):
            for answer in messages(self._socket.recv(_BUFFER)):
                if answer.kind == _ERROR and answer.sequence >= first:
                    answered += 1
                    failures += _failure(requests[answer.sequence - first], answer)
        if failures:
            raise failures[0]

    def dump(self, request: Request) -> list[nlmsg]:
        """Every object that the kernel lists for `request`, decoded. The whole answer is read, so that the next is
        not mistaken for it."""
        self._sequence += 1
        self._socket.send(request.encode(self._sequence, _DUMP))
        found: list[nlmsg] = []
        while True:
            data = self._socket.recv(_BUFFER)
            for answer in messages(data):
                if answer.kind == _DONE:
                    return found
                if answer.kind == _ERROR:
                    raise _failure(request, answer)[0]
                found.append(_decoded(request, data, answer.offset))


def set_up(index: int) -> Request:
    return Request(f"set up interface {index}", ifinfmsg, RTM_NEWLINK, fields={"index": index, **_flags(_IFF_UP)})


def set_down(name: str) -> Request:
    """Take the interface down: a bridge forgets at once what it learned behind it."""
    return Request(f"set down {name}", ifinfmsg, RTM_NEWLINK, fields=_flags(0), attributes=(("IFLA_IFNAME", name),))


def add_bridge(name: str, mac: str, mtu: int) -> Request:
    """A bridge, up, with a MAC of its own: otherwise it has the lowest of its ports' and changes it with them."""
    return Request(
        f"add bridge {name}",
        ifinfmsg,
        RTM_NEWLINK,
        _CREATE | _EXCLUSIVE,
        _flags(_IFF_UP),
        (
            ("IFLA_IFNAME", name),
            ("IFLA_MTU", mtu),
            ("IFLA_ADDRESS", mac),
            ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "bridge")]}),
        ),
    )


def add_veth(name: str, *, bridge: int, mtu: int, peer: str, peer_mac: str, peer_namespace: int) -> Request:
    """A veth pair: `name`, up and a port of `bridge` (an index); `peer`, down, in the namespace of an open descriptor.

    The peer can't be set up in the same message: the kernel opens it before the pair is joined, and refuses.
    """
    inside = [
        ("IFLA_IFNAME", peer),
        ("IFLA_MTU", mtu),
        ("IFLA_ADDRESS", peer_mac),
        ("IFLA_NET_NS_FD", peer_namespace),
    ]
    pair = {"attrs": [("VETH_INFO_PEER", {"attrs": inside})]}
    return Request(
        f"add veth {name}",
        ifinfmsg,
        RTM_NEWLINK,
        _CREATE | _EXCLUSIVE,
        _flags(_IFF_UP),
        (
            ("IFLA_IFNAME", name),
            ("IFLA_MTU", mtu),
            ("IFLA_MASTER", bridge),
            ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", pair)]}),
        ),
    )


def set_port(name: str, *, is_isolated: bool = False) -> Request:
    """Let the bridge send a frame back out of the port that it came from: with br_netfilter, a container that calls its
    own published port is answered inside the bridge. An isolated port reaches the bridge itself, no other such port."""
    data = {"attrs": [("IFLA_BRPORT_MODE", _HAIRPIN_MODE), ("IFLA_BRPORT_ISOLATED", int(is_isolated))]}
    port = {"attrs": [("IFLA_INFO_SLAVE_KIND", "bridge"), ("IFLA_INFO_SLAVE_DATA", data)]}
    attributes = (("IFLA_IFNAME", name), ("IFLA_LINKINFO", port))
    return Request(f"set up bridge port {name}", ifinfmsg, RTM_NEWLINK, attributes=attributes)


def delete_link(name: str) -> Request:
    """Waits for RCU grace periods (20 to 40 ms)."""
    return Request(f"delete {name}", ifinfmsg, RTM_DELLINK, attributes=(("IFLA_IFNAME", name),))


def add_address(index: int, address: IPv4Interface) -> Request:
    """The address, its subnet's broadcast address with it; one that is there already is no error."""
    return Request(
        f"add address {address} to interface {index}",
        ifaddrmsg,
        RTM_NEWADDR,
        _CREATE | _REPLACE,
        {"family": socket.AF_INET, "prefixlen": address.network.prefixlen, "index": index},
        (
            ("IFA_LOCAL", str(address.ip)),
            ("IFA_ADDRESS", str(address.ip)),
            ("IFA_BROADCAST", str(address.network.broadcast_address)),
        ),
    )


def set_default_route(index: int, gateway: IPv4Address) -> Request:
    """In the place of the one that there is."""
    return Request(
        f"set default route by {gateway}",
        rtmsg,
        RTM_NEWROUTE,
        _CREATE | _REPLACE,
        {"family": socket.AF_INET, "table": _MAIN_TABLE, "proto": _PROTO_BOOT, "type": _UNICAST},
        (("RTA_GATEWAY", str(gateway)), ("RTA_OIF", index)),
    )


def index_of(name: str) -> int | None:
    """The interface's index in the calling thread's namespace; None when there is none of that name."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return None


def links() -> list[tuple[int, str]]:
    """Index and name of every interface in the calling thread's namespace."""
    return socket.if_nameindex()


@dataclass(frozen=True, slots=True)
class Route:
    """One IPv4 route: `destination` 0.0.0.0/0 is the default route; `index` is the interface's, 0 for none."""

    destination: IPv4Network
    index: int


def routes(route: RouteSocket) -> list[Route]:
    """Every IPv4 route of every table, the connected ones and those of the host's own addresses included."""
    request = Request("list routes", rtmsg, RTM_GETROUTE, fields={"family": socket.AF_INET})
    return [
        Route(
            IPv4Network((message.get_attr("RTA_DST") or 0, message["dst_len"])),
            message.get_attr("RTA_OIF") or 0,
        )
        for message in route.dump(request)
    ]


def addresses(route: RouteSocket) -> list[tuple[int, IPv4Interface]]:
    """Every IPv4 address with the index of the interface that has it."""
    request = Request("list addresses", ifaddrmsg, RTM_GETADDR, fields={"family": socket.AF_INET})
    return [
        (message["index"], IPv4Interface((message.get_attr("IFA_LOCAL"), message["prefixlen"])))
        for message in route.dump(request)
    ]


def mtu_of(route: RouteSocket, index: int) -> int | None:
    """The interface's MTU; None when it is gone."""
    request = Request("list interfaces", ifinfmsg, RTM_GETLINK)
    for message in route.dump(request):
        if message["index"] == index:
            return int(message.get_attr("IFLA_MTU"))
    return None


def kind_and_mac(route: RouteSocket, index: int) -> tuple[str, str] | None:
    """The interface's kind (`bridge`, `veth`, empty for a device) and its MAC; None when it is gone."""
    request = Request("list interfaces", ifinfmsg, RTM_GETLINK)
    for message in route.dump(request):
        if message["index"] == index:
            details = message.get_attr("IFLA_LINKINFO")
            kind = details.get_attr("IFLA_INFO_KIND") if details else None
            return kind or "", message.get_attr("IFLA_ADDRESS") or ""
    return None


def _flags(flags: int) -> dict[str, int]:
    return {"flags": flags, "change": _IFF_UP}


def _decoded(request: Request, data: bytes, offset: int) -> nlmsg:
    message = request.message(data, offset=offset)
    message.decode()
    return message


def _failure(request: Request, answer: Message) -> list[OSError]:
    """Nothing where the answer is an acknowledgement: error number 0. The request's own header follows it."""
    number = -struct.unpack_from("=i", answer.body)[0]
    if not number:
        return []
    text = _kernel_text(answer.body[20:]) if answer.flags & _HAS_TEXT else ""
    return [OSError(number, f"{os.strerror(number)}{text}", request.what)]


def _kernel_text(data: bytes) -> str:
    """NLMSGERR_ATTR_MSG (1): what the kernel adds in words."""
    text = attributes(data).get(1, b"").rstrip(b"\0").decode(errors="replace")
    return f" ({text})" if text else ""
