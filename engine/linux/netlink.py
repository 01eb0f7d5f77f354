"""rtnetlink: many changes in one system call. What they can be is in `interfaces` and `addressing`.

The messages are pyroute2's; the socket is our own, as the kernel handles requests before sendmsg(2) returns: there is
nothing to wait for, and no event loop is needed. A socket speaks to the network namespace of the thread that opened it.
"""

import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from pyroute2.netlink import nlmsg

from engine.linux.wire import Message, attributes, messages

EXCLUSIVE, CREATE, REPLACE = 0x200, 0x400, 0x100

_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3  # message types
_HAS_TEXT = 0x200  # NLM_F_ACK_TLVS: the error carries attributes, among them the kernel's own words
_SOL_NETLINK, _CAP_ACK, _EXT_ACK, _STRICT_DUMP = 270, 10, 11, 12
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
        if not requests:
            return
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


def index_of(name: str) -> int | None:
    """The interface's index in the calling thread's namespace; None when there is none of that name."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return None


def links() -> list[tuple[int, str]]:
    """Index and name of every interface in the calling thread's namespace."""
    return socket.if_nameindex()


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
