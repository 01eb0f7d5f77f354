"""Connection tracking: forgetting UDP flows.

A tracked flow keeps its translation for as long as packets come: a sender that was there before a port was published
would never reach it, and one of a dead container would reach whoever has its address next. TCP needs none of this, as
its connections end with their sockets.
"""

import errno
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from engine.linux.inet import FAMILIES, IPAddress
from engine.linux.wire import attribute, attributes, message, messages

_NETLINK_NETFILTER: Final = 12  # linux/netlink.h
_GET, _DELETE = 0x101, 0x102  # NFNL_SUBSYS_CTNETLINK << 8, with IPCTNL_MSG_CT_GET and _DELETE
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3
_NFGENMSG: Final = struct.Struct("=BBH")
# enum ctattr_type, _tuple, _ip, _l4proto and _filter of linux/netfilter/nfnetlink_conntrack.h
_ORIGINAL, _REPLY, _FILTER = 1, 2, 25
_IP, _PROTOCOL = 1, 2
_SOURCES: Final = (1, 3)  # of IPv4, of IPv6
_NUMBER, _DESTINATION_PORT = 1, 3
_FILTER_ORIGINAL, _FILTER_REPLY = 1, 2
_BY_PROTOCOL_NUMBER: Final = 1 << 3
_BUFFER: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Flow:
    """A UDP flow: the port that its first packet was sent to, and who answers it (after translation)."""

    port: int
    answered_by: IPAddress


def forget_udp_flows(is_stale: Callable[[Flow], bool]) -> int:
    """Forget the stale UDP flows, of both families, of the calling thread's network namespace; returns how many.

    Raises OSError where the kernel refuses.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETLINK_NETFILTER) as netlink:
        netlink.bind((0, 0))
        count = 0
        for family in FAMILIES.values():
            head = _NFGENMSG.pack(family, 0, 0)
            for original in [original for original, flow in _udp_flows(netlink, head) if is_stale(flow)]:
                _delete(netlink, head, original)
                count += 1
    return count


def _udp_flows(netlink: socket.socket, head: bytes) -> list[tuple[bytes, Flow]]:
    """Each flow with the attribute that names it. The kernel sends UDP only (before Linux 5.8: everything)."""
    number = attribute(_NUMBER, bytes([socket.IPPROTO_UDP]))
    wanted = attribute(_ORIGINAL, attribute(_PROTOCOL, number, nested=True), nested=True)
    flags = [
        attribute(_FILTER_ORIGINAL, struct.pack("=I", _BY_PROTOCOL_NUMBER)),
        attribute(_FILTER_REPLY, struct.pack("=I", 0)),
    ]
    body = head + wanted + attribute(_FILTER, *flags, nested=True)
    netlink.send(message(_GET, _REQUEST | _DUMP, 1, body))
    found: list[tuple[bytes, Flow]] = []
    while True:
        for answer in messages(netlink.recv(_BUFFER)):
            if answer.kind == _DONE:
                return found
            if answer.kind == _ERROR:
                raise _error(answer.body, "list tracked flows")
            found += _read(attributes(answer.body[_NFGENMSG.size :]))


def _read(entry: dict[int, bytes]) -> list[tuple[bytes, Flow]]:
    original, reply = attributes(entry[_ORIGINAL]), attributes(entry[_REPLY])
    protocol = attributes(original[_PROTOCOL])
    if protocol[_NUMBER][0] != socket.IPPROTO_UDP:
        return []
    port = int.from_bytes(protocol[_DESTINATION_PORT], "big")
    return [(entry[_ORIGINAL], Flow(port, _source(attributes(reply[_IP]))))]


def _source(ends: dict[int, bytes]) -> IPAddress:
    return ip_address(next(ends[kind] for kind in _SOURCES if kind in ends))


def _delete(netlink: socket.socket, head: bytes, original: bytes) -> None:
    body = head + attribute(_ORIGINAL, original, nested=True)
    netlink.send(message(_DELETE, _REQUEST | _ACK, 2, body))
    for answer in messages(netlink.recv(_BUFFER)):
        if answer.kind == _ERROR and (error := _error(answer.body, "forget a tracked flow")).errno not in {
            0,
            errno.ENOENT,  # it ended by itself
        }:
            raise error


def _error(body: bytes, what: str) -> OSError:
    number = -int(struct.unpack_from("=i", body)[0])
    return OSError(number, os.strerror(number), what)
