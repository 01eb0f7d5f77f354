"""A tar entry's blocks: a ustar header, and before it a PAX one for what ustar is too narrow for."""

import os
import stat
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BLOCK: Final = 512
_KINDS: Final = {
    stat.S_IFREG: b"0",
    stat.S_IFLNK: b"2",
    stat.S_IFCHR: b"3",
    stat.S_IFBLK: b"4",
    stat.S_IFDIR: b"5",
    stat.S_IFIFO: b"6",
}
END: Final = bytes(2 * BLOCK)


def can_hold(info: os.stat_result) -> bool:
    """Everything but a socket, which means nothing without its process."""
    return stat.S_IFMT(info.st_mode) in _KINDS


def encode(
    name: bytes,
    info: os.stat_result,
    *,
    link: bytes = b"",
    is_hard: bool = False,
    xattrs: Mapping[bytes, bytes] = MappingProxyType({}),
) -> bytes:
    """The blocks of one entry; `is_hard` makes it a hard link to the entry called `link`. Times are whole seconds."""
    kind = b"1" if is_hard else _KINDS[stat.S_IFMT(info.st_mode)]
    size = info.st_size if kind == b"0" else 0
    records = {b"SCHILY.xattr." + key: value for key, value in xattrs.items()}
    fields = [
        _text(name, 100, b"path", records),
        _octal(stat.S_IMODE(info.st_mode), 8, b"mode", records),
        _octal(info.st_uid, 8, b"uid", records),
        _octal(info.st_gid, 8, b"gid", records),
        _octal(size, 12, b"size", records),
        _octal(info.st_mtime_ns // 1_000_000_000, 12, b"mtime", records),
        b" " * 8,
        kind,
        _text(link, 100, b"linkpath", records),
        b"ustar\x0000" + bytes(64),
        _device(info if kind in {b"3", b"4"} else None, records),
    ]
    return (_pax(records) if records else b"") + _block(fields)


def _pax(records: dict[bytes, bytes]) -> bytes:
    data = b"".join(_record(key, value) for key, value in records.items())
    fields = [
        b"PaxHeaders".ljust(100, b"\0"),
        *(_octal(number, 8, b"", {}) for number in (0o644, 0, 0)),
        *(_octal(number, 12, b"", {}) for number in (len(data), 0)),
        b" " * 8,
        b"x" + bytes(100) + b"ustar\x0000",
    ]
    return _block(fields) + data + bytes(-len(data) % BLOCK)


def _block(fields: list[bytes]) -> bytes:
    block = b"".join(fields).ljust(BLOCK, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _record(key: bytes, value: bytes) -> bytes:
    """`<length> <key>=<value>\\n`, where the length counts its own digits."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + len(str(len(rest)))
    if len(str(length)) + len(rest) > length:
        length += 1
    return str(length).encode() + rest


def _text(value: bytes, width: int, key: bytes, records: dict[bytes, bytes]) -> bytes:
    if len(value) > width:
        records[key] = value
    return value[:width].ljust(width, b"\0")


def _octal(value: int, width: int, key: bytes, records: dict[bytes, bytes]) -> bytes:
    digits = width - 1
    if not 0 <= value < 8**digits:
        records[key] = str(value).encode()
        value = 0
    return b"%0*o\0" % (digits, value)


def _device(info: os.stat_result | None, records: dict[bytes, bytes]) -> bytes:
    if info is None:
        return bytes(16)
    numbers = ((b"SCHILY.devmajor", os.major(info.st_rdev)), (b"SCHILY.devminor", os.minor(info.st_rdev)))
    return b"".join(_octal(number, 8, key, records) for key, number in numbers)
