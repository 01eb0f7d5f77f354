"""PAX records: `<length> <key>=<value>\\n`, which say what a header's fields are too narrow for."""

import re
from collections.abc import Iterator
from typing import Final

from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import Header, check_size

#: As in Go's reader.
SIZE_LIMIT: Final = 1 << 20
_XATTR: Final = b"SCHILY.xattr."
_TIME: Final = re.compile(rb"(-?)([0-9]{1,18})(?:\.([0-9]*))?")

Records = list[tuple[bytes, bytes]]


def parse_records(data: bytes) -> Records:
    """Read the records in order; raises LayerError."""
    return list(_records(data))


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    while position < len(data):
        blank = data.find(b" ", position, position + 20)
        digits = data[position:blank] if blank > 0 else b""
        end = position + int(digits) if digits.isdigit() else 0
        key, equals, value = data[blank + 1 : end - 1].partition(b"=")
        if not blank < end <= len(data) or data[end - 1 : end] != b"\n" or not equals or not key:
            raise LayerError("malformed PAX record")
        yield key, value
        position = end


def apply_records(header: Header, records: Records) -> None:
    """Let the records overrule the header. An empty value means that the header's own holds."""
    for key, value in records:
        if key.startswith(_XATTR):
            header.xattrs[key.removeprefix(_XATTR)] = value
        elif value:
            _apply(header, key, value)


def _apply(header: Header, key: bytes, value: bytes) -> None:
    if key == b"path":
        header.name = _name(value)
    elif key == b"linkpath":
        header.link = _name(value)
    elif key == b"size":
        header.size = check_size(_integer(key, value))
    elif key == b"uid":
        header.uid = _integer(key, value)
    elif key == b"gid":
        header.gid = _integer(key, value)
    elif key == b"mtime":
        header.mtime = _nanoseconds(value)


def _name(value: bytes) -> bytes:
    if b"\0" in value:
        raise LayerError("malformed PAX record: NUL in a name")
    return value


def _integer(key: bytes, value: bytes) -> int:
    if not value.isdigit() or len(value) > 20:
        raise LayerError(f"malformed PAX record: {key.decode()} is {value[:40]!r}")
    return int(value)


def _nanoseconds(value: bytes) -> int:
    match = _TIME.fullmatch(value)
    if match is None:
        raise LayerError(f"malformed PAX record: mtime is {value[:40]!r}")
    sign, seconds, fraction = match.groups()
    total = int(seconds) * 1_000_000_000 + int((fraction or b"")[:9].ljust(9, b"0"))
    return -total if sign else total
