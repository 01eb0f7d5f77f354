"""One tar header block: the fields of V7, ustar and GNU."""

from dataclasses import dataclass, field
from typing import Final

from engine.image.unpack.errors import LayerError

BLOCK: Final = 512
_ZEROS: Final = bytes(BLOCK)
_BLANKS: Final = ord(" ") * 8
#: 2^63 - 1, what a file's size can be.
_SIZE_LIMIT: Final = (1 << 63) - 1


@dataclass(slots=True)
class Header:
    """One entry's description. Names are bytes: an archive says nothing of their encoding. `mtime` in nanoseconds."""

    name: bytes
    kind: bytes
    mode: int = 0
    uid: int = 0
    gid: int = 0
    size: int = 0
    mtime: int = 0
    link: bytes = b""
    major: int = 0
    minor: int = 0
    xattrs: dict[bytes, bytes] = field(default_factory=dict)
    #: Where the data goes, as (offset, length), when the file has holes; `real_size` is then its length.
    sparse: list[tuple[int, int]] | None = None
    real_size: int = 0


def parse_header(block: bytes) -> Header | None:
    """Read a block; None for one of zeros, which ends the archive. Raises LayerError."""
    if block == _ZEROS:
        return None
    _check_sum(block)
    name = _text(block[0:100])
    is_posix = block[257:263] == b"ustar\0"
    if is_posix and (prefix := _text(block[345:500])):
        name = prefix + b"/" + name
    kind = block[156:157]
    if kind in {b"\0", b"7"}:
        kind = b"5" if kind == b"\0" and name.endswith(b"/") else b"0"
    has_device = kind in {b"3", b"4"}
    return Header(
        name=name,
        kind=kind,
        mode=number(block[100:108]),
        uid=number(block[108:116]),
        gid=number(block[116:124]),
        size=check_size(number(block[124:136])),
        mtime=number(block[136:148]) * 1_000_000_000,
        link=_text(block[157:257]),
        major=number(block[329:337]) if has_device else 0,
        minor=number(block[337:345]) if has_device else 0,
    )


def number(raw: bytes) -> int:
    """Octal digits between blanks and NULs, or, with the first bit set, GNU's big-endian binary."""
    if raw[0] & 0x80:
        flag = 0x80 << 8 * (len(raw) - 1)
        return (int.from_bytes(raw, "big") ^ flag) - (flag if raw[0] & 0x40 else 0)
    digits = raw.partition(b"\0")[0].strip(b" ")
    if digits.strip(b"01234567"):
        raise LayerError(f"malformed tar header: {raw!r} is no octal number")
    return int(digits, 8) if digits else 0


def check_size(size: int) -> int:
    if not 0 <= size <= _SIZE_LIMIT:
        raise LayerError(f"malformed tar header: size {size}")
    return size


def padding(size: int) -> int:
    """How many bytes follow `size` bytes of data up to the next block."""
    return -size % BLOCK


def _text(raw: bytes) -> bytes:
    return raw.partition(b"\0")[0]


def _check_sum(block: bytes) -> None:
    """The sum of all bytes, its own field taken as blanks; old programs added signed ones."""
    said = number(block[148:156])
    actual = sum(block) - sum(block[148:156]) + _BLANKS
    if said == actual:
        return
    rest = block[:148] + block[156:]
    if said != actual - 256 * sum(byte >= 0x80 for byte in rest):
        raise LayerError("malformed tar header: wrong checksum")
