"""Changes of the packet filter, told by the kernel: who committed them, and which tables they touched."""

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.linux.wire import attributes, messages

_NETLINK_NETFILTER: Final = 12  # linux/netlink.h
_SUBSYSTEM: Final = 10  # NFNL_SUBSYS_NFTABLES, the upper byte of a message's type
_GROUP: Final = 7  # NFNLGRP_NFTABLES
_NFGENMSG: Final = 4  # struct nfgenmsg, before the attributes
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
        for kind, found in ((entry.kind, attributes(entry.body[_NFGENMSG:])) for entry in messages(data)):
            number = kind & 0xFF
            if kind >> 8 != _SUBSYSTEM:
                continue
            if number == _NEW_GENERATION:
                tables, element_tables = self._pending
                self._pending = (set(), set())
                yield Change(_maker(found), frozenset(tables), frozenset(element_tables))
            elif _NAME in found:
                name = found[_NAME].rstrip(b"\0").decode(errors="replace")
                self._pending[number in _SET_ELEMENTS].add(name)


def _maker(found: dict[int, bytes]) -> int:
    return int.from_bytes(found.get(_MAKER, b""), "big")
