import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.container.streams import Chunk, Stream
from engine.errors import InvalidParameter
from engine.server.stdcopy import Decoder, encode

chunks = st.lists(st.builds(Chunk, st.sampled_from(Stream), st.binary(max_size=300)), max_size=20)


def test_frame():
    assert encode(Chunk(Stream.STDERR, b"oh")) == b"\x02\0\0\0\0\0\0\x02oh"
    assert encode(Chunk(Stream.STDOUT, b"x" * 258))[:8] == b"\x01\0\0\0\0\0\x01\x02"


@given(chunks=chunks, data=st.data())
def test_what_is_encoded_is_decoded_however_it_is_cut(chunks: list[Chunk], data: st.DataObject):
    wire = b"".join(map(encode, chunks))
    decoder, decoded, position = Decoder(), list[Chunk](), 0
    while position < len(wire):
        end = data.draw(st.integers(position + 1, len(wire)))
        decoded += decoder.feed(wire[position:end])
        position = end
    assert decoded == chunks
    assert decoder.pending == 0


@given(chunk=st.builds(Chunk, st.sampled_from(Stream), st.binary(min_size=1, max_size=50)), data=st.data())
def test_cut_frame_is_pending(chunk: Chunk, data: st.DataObject):
    wire = encode(chunk)
    cut = data.draw(st.integers(1, len(wire) - 1))
    decoder = Decoder()
    assert decoder.feed(wire[:cut]) == []
    assert decoder.pending == cut


@given(st.binary(min_size=8, max_size=64))
def test_noise_is_refused_or_waits_for_more(noise: bytes):
    decoder = Decoder()
    try:
        decoded = decoder.feed(noise)
    except InvalidParameter:
        return
    assert len(b"".join(map(encode, decoded))) + decoder.pending == len(noise)


@pytest.mark.parametrize("header", [b"\x04\0\0\0\0\0\0\x01", b"\x01\0\1\0\0\0\0\x01", b"\x01\0\0\0\xff\xff\xff\xff"])
def test_what_is_no_header(header: bytes):
    with pytest.raises(InvalidParameter, match="not a frame's header"):
        Decoder().feed(header)
