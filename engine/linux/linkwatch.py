"""Network interfaces that are deleted, told by the kernel."""

import errno
import socket
import struct
from typing import Final

from engine.linux.wire import attributes, messages

_DELETED: Final = 17  # RTM_DELLINK
_IFINFOMSG: Final = struct.calcsize("=BxHiII")  # before the attributes
_NAME: Final = 3  # IFLA_IFNAME
_SOL_NETLINK, _ADD_MEMBERSHIP, _LINKS = 270, 1, 1  # RTNLGRP_LINK
_RECEIVE_BUFFER: Final = 1 << 20
_DATAGRAM: Final = 1 << 18


class DeletedLinks:
    """A socket that becomes readable when interfaces of the calling thread's network namespace change."""

    def __init__(self) -> None:
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(socket.AF_NETLINK, kind, socket.NETLINK_ROUTE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.bind((0, 0))
        self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _LINKS)

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def read(self) -> frozenset[str] | None:
        """The names of those deleted since the last call, None where some of them were not told (too many at once);
        does not wait."""
        names: set[str] = set()
        are_all_told = True
        while True:
            try:
                data = self._socket.recv(_DATAGRAM)
            except BlockingIOError:
                return frozenset(names) if are_all_told else None
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                are_all_told = False
                continue
            names.update(_name(each.body) for each in messages(data) if each.kind == _DELETED)


def _name(body: bytes) -> str:
    return attributes(body[_IFINFOMSG:]).get(_NAME, b"").rstrip(b"\0").decode(errors="replace")
