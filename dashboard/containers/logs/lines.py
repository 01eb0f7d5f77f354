"""Pieces of a log in, lines out."""

from dataclasses import dataclass
from typing import Final

from dashboard.containers.logs.frames import Frames, Raw, Stream

#: A longer line comes in several: a program that never ends its line must not fill our memory.
LINE_LIMIT: Final = 64 * 1024


@dataclass(frozen=True)
class Line:
    """`time` is RFC 3339 in UTC with nanoseconds, as the engine puts it before each line; empty within a long line."""

    stream: Stream
    time: str
    text: str


class LineReader:
    """Cuts a log that was asked for with timestamps into lines; standard output and error each have their own."""

    def __init__(self, *, has_tty: bool) -> None:
        self._frames = Raw() if has_tty else Frames()
        self._open: dict[Stream, bytes] = {}
        self._cut: set[Stream] = set()

    def feed(self, data: bytes) -> list[Line]:
        """The lines that end in `data`; raises ValueError where it is no multiplexed stream."""
        found: list[Line] = []
        for stream, piece in self._frames.feed(data):
            *ended, rest = (self._open.get(stream, b"") + piece).split(b"\n")
            found.extend(self._line(stream, line) for line in ended)
            while len(rest) > LINE_LIMIT:
                found.append(self._line(stream, rest[:LINE_LIMIT]))
                self._cut.add(stream)
                rest = rest[LINE_LIMIT:]
            self._open[stream] = rest
        return found

    def close(self) -> list[Line]:
        """The lines that the stream's end left without one."""
        found = [self._line(stream, rest) for stream, rest in self._open.items() if rest]
        self._open.clear()
        return found

    def _line(self, stream: Stream, raw: bytes) -> Line:
        text = raw.removesuffix(b"\r").decode("utf-8", "replace")
        if stream in self._cut:
            self._cut.discard(stream)
            return Line(stream, "", text)
        time, _space, message = text.partition(" ")
        return Line(stream, time, message)
