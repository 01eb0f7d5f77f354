"""Docker's multiplexed stream (stdcopy): bytes in, pieces of standard output and standard error out.

Each frame is one byte that names the stream, three that are zero, four of length (big-endian), and the payload.
Source: `ContainerAttach` in the Engine API, "Stream format".
"""

from enum import IntEnum
from struct import Struct
from typing import Final

_HEADER: Final = Struct(">B3xI")


class Stream(IntEnum):
    STDIN = 0
    STDOUT = 1
    STDERR = 2
    #: An error of the engine itself, in the middle of a stream.
    SYSTEM = 3


class Frames:
    """Takes a multiplexed stream apart, piece by piece.

    A long frame comes out in several pieces as its bytes arrive: nothing but an incomplete header is ever kept.
    """

    def __init__(self) -> None:
        self._header = b""
        self._stream = Stream.STDOUT
        self._left = 0

    def feed(self, data: bytes) -> list[tuple[Stream, bytes]]:
        """The pieces in `data`; raises ValueError for a header that names no stream."""
        pieces = []
        view = self._header + data
        place = 0
        while place < len(view):
            if not self._left:
                if len(view) - place < _HEADER.size:
                    break
                number, self._left = _HEADER.unpack_from(view, place)
                self._stream = Stream(number)
                place += _HEADER.size
            piece = view[place : place + self._left]
            place += len(piece)
            self._left -= len(piece)
            if piece:
                pieces.append((self._stream, piece))
        self._header = view[place:]
        return pieces


class Raw:
    """The stream of a container with a terminal: no frames, all of it output."""

    def feed(self, data: bytes) -> list[tuple[Stream, bytes]]:
        return [(Stream.STDOUT, data)] if data else []
