"""Changes of the packet filter, told by the kernel: who committed them, and which tables they touched."""

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_NETLINK_NETFILTER: Final = 12  # linux/netlink.h
_SUBSYSTEM: Final = 10  # NFNL_SUBSYS_NFTABLES, the upper byte of a message's type
_GROUP: Final = 7  # NFNLGRP_NFTABLES
_NEW_GENERATION: Final = 15  # ends each transaction
_SET_ELEMENTS: Final = frozenset({12, 14})
_NAME: Final = 1  # the table's name is attribute 1 of every kind of object
_MAKER: Final = 2  # NFTA_GEN_PROC_PID
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1
_RECEIVE_BUFFER: Final = 1 << 20
_DATAGRAM: Final = 1 << 18


@dataclass(frozen=True, slots=True)
class Change:
    """One committed transaction. `maker` is the kernel's ID of the thread that committed it, 0 where changes were lost
    (too many at once): then any table may have changed. `tables` are those with a change other than of set elements,
    `element_tables` those with changed elements."""

    maker: int = 0
    tables: frozenset[str] = frozenset()
    element_tables: frozenset[str] = frozenset()

    @property
    def is_unknown(self) -> bool:
        return not self.maker


class RulesetEvents:
    """A socket that becomes readable when the ruleset of the calling thread's network namespace changes."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, _NETLINK_NETFILTER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.bind((0, 0))
        self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _GROUP)
        self._pending: tuple[set[str], set[str]] = (set(), set())

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def read(self) -> list[Change]:
        """The transactions that were committed since the last call; does not wait."""
        changes: list[Change] = []
        while True:
            try:
                changes += self._take(self._socket.recv(_DATAGRAM))
            except BlockingIOError:
                return changes
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                changes.append(Change())

    def _take(self, data: bytes) -> Iterator[Change]:
        for number, attributes in messages(data):
            if number == _NEW_GENERATION:
                tables, element_tables = self._pending
                self._pending = (set(), set())
                yield Change(_maker(attributes), frozenset(tables), frozenset(element_tables))
            elif _NAME in attributes:
                name = attributes[_NAME].rstrip(b"\0").decode(errors="replace")
                self._pending[number in _SET_ELEMENTS].add(name)


def messages(data: bytes) -> Iterator[tuple[int, dict[int, bytes]]]:
    """Number and attributes of each nf_tables message in a datagram (a netlink header, then a 4-byte nfgenmsg)."""
    offset = 0
    while offset + 20 <= len(data):
        length, kind = struct.unpack_from("=IH", data, offset)
        if kind >> 8 == _SUBSYSTEM:
            yield kind & 0xFF, _attributes(data[offset + 20 : offset + length])
        offset += max((length + 3) & ~3, 16)


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    offset = 0
    while offset + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, offset)
        found[kind & 0x3FFF] = data[offset + 4 : offset + length]
        offset += max((length + 3) & ~3, 4)
    return found


def _maker(attributes: dict[int, bytes]) -> int:
    return int.from_bytes(attributes.get(_MAKER, b""), "big")
