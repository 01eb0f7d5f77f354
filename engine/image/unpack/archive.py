"""Entries from a tar stream: headers joined with the long names and PAX records that precede them."""

from collections.abc import Iterator
from typing import Final

from engine.image.unpack import sparse
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import BLOCK, Header, padding, parse_header
from engine.image.unpack.pax import SIZE_LIMIT, Records, apply_records, parse_records
from engine.image.unpack.source import Source

_PAX: Final = b"x"
_PAX_GLOBAL: Final = b"g"
_LONG_NAME: Final = b"L"
_LONG_LINK: Final = b"K"
_SPARSE: Final = b"S"
_REGULAR: Final = b"0"
#: Links, devices, folders and fifos have no data, whatever their size field says (as in Go's reader).
_WITHOUT_DATA: Final = frozenset({b"1", b"2", b"3", b"4", b"5", b"6"})


def entries(source: Source) -> Iterator[Header]:
    """Each entry in turn. Who takes a regular one reads exactly `size` bytes before the next.

    A stream may end with blocks of zeros or without; Go's reader takes both. Global PAX headers are passed over, as
    Docker does.
    """
    pending = _Pending()
    while (block := _block(source)) is not None:
        header = parse_header(block)
        if header is None:
            return
        if header.kind in {_PAX, _LONG_NAME, _LONG_LINK}:
            pending.take(header, _small(source, header.size))
        elif header.kind == _PAX_GLOBAL:
            source.skip(header.size + padding(header.size))
        else:
            stored = pending.apply(header, block, source)
            yield header
            source.skip(padding(stored))
            pending = _Pending()


class _Pending:
    """What extension headers said of the entry to come."""

    def __init__(self) -> None:
        self._records: Records = []
        self._name: bytes | None = None
        self._link: bytes | None = None

    def take(self, header: Header, data: bytes) -> None:
        if header.kind == _PAX:
            self._records = parse_records(data)
        elif header.kind == _LONG_NAME:
            self._name = data.partition(b"\0")[0]
        else:
            self._link = data.partition(b"\0")[0]

    def apply(self, header: Header, block: bytes, source: Source) -> int:
        """Complete the header; returns the size of its data as stored."""
        header.name = header.name if self._name is None else self._name
        header.link = header.link if self._link is None else self._link
        apply_records(header, self._records)
        if header.kind in _WITHOUT_DATA:
            header.size = 0
        stored = header.size
        if header.kind == _SPARSE:
            sparse.apply_old_form(header, block, source.read)
        elif header.kind == _REGULAR:
            sparse.apply_pax_form(header, self._records, source.read)
        return stored


def _block(source: Source) -> bytes | None:
    """The next block, None at a clean end of the stream."""
    return source.read(BLOCK) if source.more() else None


def _small(source: Source, size: int) -> bytes:
    if size > SIZE_LIMIT:
        raise LayerError(f"tar extension header of {size} bytes")
    data = source.read(size)
    source.skip(padding(size))
    return data
