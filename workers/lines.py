"""Bytes of a program in, lines of a job's output out."""

import codecs
from typing import Final, Protocol

from dashboard.jobs.output.entries import Level

#: A longer line comes in several: a program that never ends its line must not fill our memory.
LONGEST: Final = 8 * 1024


class Output(Protocol):
    def line(self, text: str, level: Level) -> None: ...


class Lines:
    """One stream of a program's. A character that is cut between two pieces comes out whole."""

    def __init__(self, out: Output, level: Level) -> None:
        self._out = out
        self._level = level
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        """Say the lines that end in `data`."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        if lines:
            self._out.line("\n".join(lines), self._level)
        while len(self._rest) > LONGEST:
            self._out.line(self._rest[:LONGEST], self._level)
            self._rest = self._rest[LONGEST:]

    def end(self) -> None:
        """Say what is left without an end."""
        rest = self._rest + self._decoder.decode(b"", final=True)
        if rest:
            self._out.line(rest, self._level)
        self._rest = ""
