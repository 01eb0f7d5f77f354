"""Output whose bytes are numbered (docs/exec-attach.md): what `POST /exec/{id}/attach` answers with.

A frame is a header of 16 bytes and the data: the stream (1 stdout, 2 stderr), three zero bytes, the data's length (u32)
and the number of its first byte (u64), both big-endian. Stream 0 is the input, which goes the other way: its frames
have no data, and a number that says how much of it has been taken.
"""

import struct
from typing import Final

from engine.container.streams import Chunk

MEDIA_TYPE: Final = "application/vnd.portside.sequenced-stream"
_HEADER: Final = struct.Struct(">BxxxIQ")


def encode(chunk: Chunk, position: int) -> bytes:
    return _HEADER.pack(chunk.stream, len(chunk.data), position) + chunk.data
