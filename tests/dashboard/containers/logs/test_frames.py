import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.containers.logs.frames import Frames, Raw, Stream

PIECES = st.lists(st.tuples(st.sampled_from(list(Stream)), st.binary(max_size=40)), max_size=20)


def framed(pieces: list[tuple[Stream, bytes]]) -> bytes:
    return b"".join(struct.pack(">B3xI", stream, len(data)) + data for stream, data in pieces)


def joined(pieces: list[tuple[Stream, bytes]]) -> list[tuple[Stream, bytes]]:
    """Neighbours of one stream as one piece: how a payload is cut is of no meaning."""
    found: list[tuple[Stream, bytes]] = []
    for stream, data in pieces:
        if found and found[-1][0] is stream:
            found[-1] = (stream, found[-1][1] + data)
        elif data:
            found.append((stream, data))
    return found


@given(PIECES, st.integers(1, 30))
def test_what_went_in_comes_out_wherever_the_bytes_are_cut(pieces: list[tuple[Stream, bytes]], size: int) -> None:
    frames, wire = Frames(), framed(pieces)
    seen = [piece for place in range(0, len(wire), size) for piece in frames.feed(wire[place : place + size])]
    assert joined(seen) == joined(pieces)


def test_a_long_frame_comes_out_as_it_arrives() -> None:
    frames = Frames()
    assert frames.feed(struct.pack(">B3xI", 1, 1 << 30) + b"beginning") == [(Stream.STDOUT, b"beginning")]
    assert frames.feed(b"more") == [(Stream.STDOUT, b"more")]


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="104"):
        Frames().feed(b"hello, world")


def test_with_a_terminal_all_is_output() -> None:
    assert Raw().feed(b"\x02\x00 any bytes") == [(Stream.STDOUT, b"\x02\x00 any bytes")]
    assert Raw().feed(b"") == []
