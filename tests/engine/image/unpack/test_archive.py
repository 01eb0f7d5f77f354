"""The tar reader alone, on bytes that nobody meant: it ends, with entries or with LayerError, and nothing else."""

import gzip
import os
import tempfile

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.image.unpack.archive import entries
from engine.image.unpack.errors import LayerError
from engine.image.unpack.header import number, parse_header
from engine.image.unpack.pax import parse_records
from engine.image.unpack.source import Source
from tests.engine.image.archives import archive, entry

HONEST = archive(
    entry("a/b", data=b"x" * 700, mtime=1),
    entry("l" * 150, "symlink", linkname="t" * 150),
    entry("c", pax={"SCHILY.xattr.user.x": "y", "mtime": "1.5", "comment": "z"}),
    entry("d", "dir"),
)


def _read(blob: bytes) -> list[bytes]:
    with tempfile.TemporaryFile() as file:
        file.write(blob)
        file.seek(0)
        source = Source(file.fileno())
        names = []
        try:
            for header in entries(source):
                names.append(header.name)
                source.skip(header.size)
        finally:
            source.drain()  # or its thread would go on with the descriptor that is closed here, and another's soon
    return names


def test_honest() -> None:
    assert _read(HONEST) == [b"a/b", b"l" * 150, b"c", b"d/"]


@settings(max_examples=150, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, len(HONEST) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_flipped_bytes(changes: list[tuple[int, int]]) -> None:
    spoiled = bytearray(HONEST)
    for position, value in changes:
        spoiled[position] = value
        block = position // 512 * 512  # the checksum is put right, so that more than it is tried
        if spoiled[block + 257 : block + 262] == b"ustar":
            spoiled[block + 148 : block + 156] = b" " * 8
            spoiled[block + 148 : block + 156] = b"%06o\0 " % sum(spoiled[block : block + 512])
    _read_or_refuse(bytes(spoiled))


@settings(max_examples=100, deadline=None)
@given(blob=st.binary(max_size=3000))
def test_any_bytes(blob: bytes) -> None:
    _read_or_refuse(blob)


@settings(max_examples=100, deadline=None)
@given(cut=st.integers(0, 400), more=st.binary(max_size=40), pack=st.sampled_from([gzip.compress, zstandard.compress]))
def test_cut_and_continued_streams(cut: int, more: bytes, pack) -> None:
    _read_or_refuse(pack(HONEST)[:cut] + more)


@given(st.binary(max_size=200))
def test_any_records(data: bytes) -> None:
    try:
        parse_records(data)
    except LayerError:
        return


def _read_or_refuse(blob: bytes) -> None:
    try:
        _read(blob)
    except LayerError:
        return


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"0000644\0", 0o644),
        (b" 644 \0\0\0", 0o644),
        (b"\0\0\0\0\0\0\0\0", 0),
        (b"77777777", 0o77777777),
        (b"\x80\0\0\0\0\0\0\x05", 5),
        (b"\x80" + b"\xff" * 7, (1 << 56) - 1),
        (b"\xff" * 8, -1),
        (b"\xff" * 7 + b"\xfe", -2),
    ],
)
def test_numbers(field: bytes, value: int) -> None:
    assert number(field) == value


def test_a_block_of_zeros_ends_an_archive() -> None:
    assert parse_header(bytes(512)) is None


def test_many_small_gzip_members() -> None:
    blob = b"".join(gzip.compress(HONEST[start : start + 16], 1) for start in range(0, len(HONEST), 16))
    assert len(_read(blob)) == 4


def test_a_stream_of_empty_members_ends() -> None:
    assert _read(gzip.compress(b"", 1) * 5000) == []


def test_random_is_not_taken_for_an_archive() -> None:
    with pytest.raises(LayerError):
        _read(b"\x01" + os.urandom(5000))
