"""Files with holes, in GNU tar's four forms: the old header, and PAX 0.0, 0.1 and 1.0.

Each says where pieces of data go; all else is a hole. The map is checked before a byte is written: pieces rise, do
not overlap, lie within the file, and are together as long as the entry's data.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import BLOCK, Header, check_size, number
from engine.image.unpack.pax import Records

#: More pieces than any real file has in a layer; a map is held in memory.
_PIECES_LIMIT: Final = 1 << 18
_PREFIX: Final = b"GNU.sparse."

Pieces = list[tuple[int, int]]
Read = Callable[[int], bytes]


def apply_old_form(header: Header, block: bytes, read: Read) -> None:
    """A header of type `S`: four pieces in the block itself, 21 in each block that follows it."""
    pieces = list(_table(block[386:482]))
    more = block[482]
    while more:
        block_of_more = read(BLOCK)
        pieces += _table(block_of_more[:504])
        more = block_of_more[504]
        _limit(pieces)
    header.kind = b"0"
    _finish(header, pieces, number(block[483:495]))


def apply_pax_form(header: Header, records: Records, read: Read) -> None:
    """PAX keys `GNU.sparse.*`; in form 1.0 the map stands before the data, in decimal lines."""
    said = {key.removeprefix(_PREFIX): value for key, value in records if key.startswith(_PREFIX)}
    if not said:
        return
    header.name = said.get(b"name", header.name)
    if said.get(b"major") == b"1":
        before = header.size
        pieces, used = _lines(read)
        header.size = check_size(before - used)
        _finish(header, pieces, _integer(said.get(b"realsize", b"")))
    elif b"map" in said or b"numblocks" in said:
        numbers = said[b"map"].split(b",") if b"map" in said else _separate(records)
        _finish(header, _pairs([_integer(text) for text in numbers if text]), _integer(said.get(b"size", b"")))


def _table(raw: bytes) -> Iterator[tuple[int, int]]:
    for start in range(0, len(raw) - 23, 24):
        if raw[start] == 0:
            return
        yield number(raw[start : start + 12]), number(raw[start + 12 : start + 24])


def _separate(records: Records) -> list[bytes]:
    return [value for key, value in records if key in {b"GNU.sparse.offset", b"GNU.sparse.numbytes"}]


def _lines(read: Read) -> tuple[Pieces, int]:
    """The decimal map: a count, then offset and length of each; returns it and the bytes it took."""
    text = bytearray()
    used = 0

    def line() -> int:
        nonlocal used
        while (end := text.find(b"\n")) < 0:
            if len(text) > BLOCK:
                raise LayerError("malformed sparse map")
            text.extend(read(BLOCK))
            used += BLOCK
        value = _integer(bytes(text[:end]))
        del text[: end + 1]
        return value

    count = line()
    if count > _PIECES_LIMIT:
        raise LayerError(f"sparse map of {count} pieces")
    return [(line(), line()) for _ in range(count)], used


def _pairs(numbers: list[int]) -> Pieces:
    if len(numbers) % 2:
        raise LayerError("malformed sparse map")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _finish(header: Header, pieces: Pieces, real_size: int) -> None:
    _limit(pieces)
    ends = [(offset, offset + length) for offset, length in pieces]
    rising = all(start <= end for start, end in ends) and all(one[1] <= two[0] for one, two in pairwise(ends))
    inside = all(start >= 0 and end <= real_size for start, end in ends)
    if not rising or not inside or sum(length for _, length in pieces) != header.size:
        raise LayerError("malformed sparse map")
    header.sparse = pieces
    header.real_size = check_size(real_size)


def _limit(pieces: Pieces) -> None:
    if len(pieces) > _PIECES_LIMIT:
        raise LayerError(f"sparse map of more than {_PIECES_LIMIT} pieces")


def _integer(text: bytes) -> int:
    if not text.isdigit() or len(text) > 20:
        raise LayerError(f"malformed sparse map: {text[:40]!r}")
    return int(text)
