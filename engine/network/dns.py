"""DNS messages (RFC 1035), as far as a resolver of container names reads and writes them: one question, and answers."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from engine.linux.inet import IPAddress

A: Final = 1
PTR: Final = 12
AAAA: Final = 28
NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NOT_IMPLEMENTED = 0, 1, 2, 4
#: Seconds that an answer may be kept: Docker's.
TTL: Final = 600
#: The largest answer by UDP to one who did not say that it takes larger ones.
UDP_LIMIT: Final = 512

_INTERNET: Final = 1
_HEADER: Final = struct.Struct("!6H")
_RESPONSE, _AUTHORITATIVE, _TRUNCATED, _RECURSION_WANTED, _RECURSION_HERE = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
_OPCODE: Final = 0x7800
_POINTER_TO_QUESTION: Final = 0xC000 | _HEADER.size
_REVERSE, _REVERSE6 = ".in-addr.arpa", ".ip6.arpa"
_KINDS: Final = {4: A, 6: AAAA}
_LONGEST_NAME: Final = 255


class Malformed(Exception):
    """The bytes are no question that can be answered."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question. `name` is lower case without the last dot; `asked` is the question as it stands in the message."""

    identifier: int
    flags: int
    name: str
    kind: int
    asked: bytes

    @property
    def reverse_address(self) -> IPAddress | None:
        """The address that a PTR question is about; None where it is about something else."""
        if self.kind != PTR:
            return None
        try:
            if self.name.endswith(_REVERSE6):
                return _from_nibbles(self.name.removesuffix(_REVERSE6).split("."))
            if self.name.endswith(_REVERSE):
                return IPv4Address(".".join(reversed(self.name.removesuffix(_REVERSE).split("."))))
        except ValueError:
            return None
        return None


def read_query(message: bytes) -> Query:
    """Raises Malformed for what is no question, or not exactly one of the Internet's class."""
    if len(message) < _HEADER.size:
        raise Malformed("too short")
    identifier, flags, questions, *_ = _HEADER.unpack_from(message)
    if flags & (_RESPONSE | _OPCODE) or questions != 1:
        raise Malformed("not one question")
    name, end = _read_name(message, _HEADER.size)
    if end + 4 > len(message):
        raise Malformed("a cut question")
    kind, class_ = struct.unpack_from("!2H", message, end)
    if class_ != _INTERNET:
        raise Malformed("not the Internet's class")
    return Query(identifier, flags, name, kind, message[_HEADER.size : end + 4])


def addresses_answer(query: Query, addresses: Sequence[IPAddress], *, limit: int) -> bytes:
    """The records of the kind that was asked for (A, AAAA), as many as fit in `limit` bytes; none at all says that the
    name has no record of that kind."""
    records = [_record(query.kind, each.packed) for each in addresses if _KINDS[each.version] == query.kind]
    room = max((limit - _HEADER.size - len(query.asked)) // len(records[0]), 1) if records else 0
    return _message(query, records[:room])


def name_answer(query: Query, name: str) -> bytes:
    return _message(query, [_record(PTR, _written(name))])


def error_answer(query: Query, code: int) -> bytes:
    return _message(query, (), code=code, authority=0)


def refusal(message: bytes, code: int) -> bytes:
    """An answer to what can't be read: its identifier and the code. Empty where there is not even that."""
    if len(message) < _HEADER.size or message[2] & 0x80:
        return b""  # nothing at all, or somebody's answer: to answer it could go on for ever
    return _HEADER.pack(int.from_bytes(message[:2], "big"), _RESPONSE | code, 0, 0, 0, 0)


def with_identifier(message: bytes, identifier: int) -> bytes:
    return identifier.to_bytes(2, "big") + message[2:]


def answers(message: bytes, identifier: int, query: Query) -> bool:
    """Is the message an answer to `query`, asked with that identifier? Case may differ in the question's name."""
    if len(message) < _HEADER.size or int.from_bytes(message[:2], "big") != identifier or not message[2] & 0x80:
        return False
    asked = message[_HEADER.size : _HEADER.size + len(query.asked)]
    return not int.from_bytes(message[4:6], "big") or asked.lower() == query.asked.lower()


def _message(query: Query, records: Sequence[bytes], *, code: int = 0, authority: int = _AUTHORITATIVE) -> bytes:
    flags = _RESPONSE | authority | _RECURSION_HERE | (query.flags & _RECURSION_WANTED) | code
    return _HEADER.pack(query.identifier, flags, 1, len(records), 0, 0) + query.asked + b"".join(records)


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("!3HIH", _POINTER_TO_QUESTION, kind, _INTERNET, TTL, len(data)) + data


def _from_nibbles(labels: Sequence[str]) -> IPv6Address:
    """RFC 3596, 2.5: 32 digits, the last one first. Raises ValueError."""
    if len(labels) != 32 or any(len(label) != 1 for label in labels):
        raise ValueError("not 32 digits")
    return IPv6Address(int("".join(reversed(labels)), 16))


def _read_name(message: bytes, offset: int) -> tuple[str, int]:
    """The name at `offset`, and where it ends. A question has nothing to point back to, so pointers are malformed."""
    labels: list[str] = []
    start = offset
    while offset < len(message) and offset - start < _LONGEST_NAME:
        length = message[offset]
        label = message[offset + 1 : offset + 1 + length]
        offset += 1 + length
        if not length:
            return ".".join(labels), offset
        if length > 63 or len(label) < length:
            break
        labels.append(label.decode("latin-1").lower())
    raise Malformed("a name that does not end")


def _written(name: str) -> bytes:
    """The labels of a name; what is longer than a label can be is cut."""
    labels = [label.encode("idna" if not label.isascii() else "ascii")[:63] for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
