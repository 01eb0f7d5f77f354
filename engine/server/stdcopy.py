"""Docker's multiplexed stream: two outputs on one connection, as frames. Bytes in, values out; no I/O.

A frame is eight bytes of header and its data: the stream's number (0 stdin, 1 stdout, 2 stderr), three zero bytes, and
the data's length as a big-endian 32-bit number.
"""

import struct
from typing import Final

from engine.container.streams import Chunk, Stream
from engine.errors import InvalidParameter

HEADER_SIZE: Final = 8
#: The largest frame that `Decoder` accepts: a header that asks for more is no header.
FRAME_LIMIT: Final = 1 << 30
_HEADER: Final = struct.Struct(">BxxxL")


def encode(chunk: Chunk) -> bytes:
    """One frame."""
    return _HEADER.pack(chunk.stream, len(chunk.data)) + chunk.data


class Decoder:
    """Reads frames from bytes that come in pieces of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Chunk]:
        """The frames that are complete now. Raises InvalidParameter when the bytes are no frames."""
        self._buffer += data
        chunks: list[Chunk] = []
        start = 0
        while (end := self._frame_end(start)) is not None:
            stream = Stream(self._buffer[start])
            chunks.append(Chunk(stream, bytes(self._buffer[start + HEADER_SIZE : end])))
            start = end
        del self._buffer[:start]
        return chunks

    @property
    def pending(self) -> int:
        """How many bytes of an incomplete frame are held; not 0 at the end means that the stream was cut."""
        return len(self._buffer)

    def _frame_end(self, start: int) -> int | None:
        """Where the frame at `start` ends; None when it is not all there."""
        if len(self._buffer) - start < HEADER_SIZE:
            return None
        stream, length = _HEADER.unpack_from(self._buffer, start)
        padding = self._buffer[start + 1 : start + 4]
        if stream not in Stream.__members__.values() or any(padding) or length > FRAME_LIMIT:
            raise InvalidParameter(f"not a frame's header: {self._buffer[start : start + HEADER_SIZE].hex(' ')}")
        end = start + HEADER_SIZE + length
        return end if end <= len(self._buffer) else None
