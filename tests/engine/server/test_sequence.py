from engine.container.streams import Chunk, Stream
from engine.server.sequence import encode


def test_a_frame_says_where_its_data_belongs():
    assert encode(Chunk(Stream.STDERR, b"hello"), 1 << 32) == b"\x02\0\0\0\0\0\0\x05\0\0\0\x01\0\0\0\0hello"
