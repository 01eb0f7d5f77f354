"""The engine's numbered output (docs/exec-attach.md): bytes in, values out."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HEADER: Final = struct.Struct(">BxxxIQ")


@dataclass(frozen=True, slots=True)
class Written:
    """The shell wrote `data`; `offset` is the place of its first byte."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What was typed below `offset` has reached the shell."""

    offset: int


Event = Written | Taken


class Frames:
    """Cuts a stream into frames, wherever its pieces begin and end."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Event]:
        self._held += data
        place = 0
        while len(self._held) - place >= _HEADER.size:
            stream, length, number = _HEADER.unpack_from(self._held, place)
            end = place + _HEADER.size + length
            if len(self._held) < end:
                break
            yield Written(number, bytes(self._held[end - length : end])) if stream else Taken(number)
            place = end
        del self._held[:place]
