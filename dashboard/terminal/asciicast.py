"""asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/): lines of text. No input or output happens here."""

import codecs
import json
from typing import Any


class Cast:
    """Writes one recording's lines, of output and sizes alone; `begin` is its beginning in seconds of some clock."""

    def __init__(self, begin: float) -> None:
        self._begin = begin
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @staticmethod
    def header(*, rows: int, columns: int, timestamp: int, title: str, shell: str) -> str:
        fields: dict[str, Any] = {"version": 2, "width": columns, "height": rows, "timestamp": timestamp}
        return _line(fields | {"title": title, "env": {"TERM": "xterm-256color", "SHELL": shell}})

    def output(self, now: float, data: bytes) -> str:
        """The line for `data`; empty while it holds no whole character."""
        text = self._decoder.decode(data)
        return _line([self._at(now), "o", text]) if text else ""

    @property
    def pending(self) -> int:
        """Bytes of a character that is not whole yet, and stands in no line."""
        return len(self._decoder.getstate()[0])

    def size(self, now: float, rows: int, columns: int) -> str:
        return _line([self._at(now), "r", f"{columns}x{rows}"])

    def mark(self, now: float, text: str) -> str:
        return _line([self._at(now), "m", text])

    def _at(self, now: float) -> float:
        return round(max(0.0, now - self._begin), 6)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
