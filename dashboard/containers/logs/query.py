"""What part of a log a page asks for."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self
from urllib.parse import parse_qs

MOST_LINES: Final = 10_000
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


@dataclass(frozen=True)
class LogQuery:
    """The last `tail` lines, or all after `since` (Unix nanoseconds), and then what follows."""

    tail: int = 1000
    since: int | None = None

    @classmethod
    def from_string(cls, query: bytes) -> Self:
        """Read `tail=100` and `since=2026-01-02T03:04:05.123456789Z`; raises ValueError."""
        given = parse_qs(query.decode("ascii"))
        return cls(
            tail=_count(given["tail"][0]) if "tail" in given else cls.tail,
            since=_nanoseconds(given["since"][0]) if "since" in given else None,
        )

    def params(self) -> dict[str, str]:
        """As the engine takes it. `since` includes its own instant, and the page has that line already."""
        params = {"stdout": "1", "stderr": "1", "follow": "1", "timestamps": "1"}
        if self.since is None:
            return params | {"tail": str(self.tail)}
        seconds, rest = divmod(self.since + 1, 1_000_000_000)
        return params | {"since": f"{seconds}.{rest:09d}"}


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"tail: not a number of lines: {text!r}")
    return min(int(text), MOST_LINES)


def _nanoseconds(text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"since: not a time such as 2026-01-02T03:04:05.123456789Z: {text!r}")
    whole = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    return int(whole.timestamp()) * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))
