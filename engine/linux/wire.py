"""Netlink's framing (netlink(7)): messages in a datagram, attributes in a message, in native byte order."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct("=IHHII")
_ATTRIBUTE: Final = struct.Struct("=HH")
#: The upper two bits of an attribute's type are flags: nested, and network byte order.
_TYPE: Final = 0x3FFF
NESTED: Final = 0x8000


class Message(NamedTuple):
    """`offset` is where the message starts in its datagram; `body` is what follows the header."""

    offset: int
    kind: int
    flags: int
    sequence: int
    body: bytes


def messages(data: bytes) -> Iterator[Message]:
    """The messages of one datagram."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        yield Message(offset, kind, flags, sequence, data[offset + _HEADER.size : offset + length])
        offset += max(_aligned(length), _HEADER.size)


def message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, sequence, 0) + body


def attributes(data: bytes) -> dict[int, bytes]:
    """Type → payload; of attributes that come several times the last."""
    found: dict[int, bytes] = {}
    offset = 0
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        found[kind & _TYPE] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += max(_aligned(length), _ATTRIBUTE.size)
    return found


def attribute(kind: int, *parts: bytes, nested: bool = False) -> bytes:
    """One attribute of these parts, padded."""
    payload = b"".join(parts)
    head = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(payload), kind | (NESTED if nested else 0))
    return (head + payload).ljust(_aligned(len(head) + len(payload)), b"\0")


def _aligned(length: int) -> int:
    return (length + 3) & ~3
