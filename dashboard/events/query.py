"""Which events a page asks for."""

import time
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import parse_qs

MOST_SECONDS: Final = 366 * 24 * 3600
_NANO: Final = 1_000_000_000


@dataclass(frozen=True)
class EventQuery:
    """Those of the last `ago` seconds, or those after the one at `after` (Unix nanoseconds), and then what follows."""

    ago: int = 0
    after: int | None = None

    @classmethod
    def from_string(cls, query: bytes) -> Self:
        """Read `ago=3600` and `after=1780000000123456789`; raises ValueError."""
        given = parse_qs(query.decode("ascii"))
        return cls(
            ago=min(_count("ago", given["ago"][0]), MOST_SECONDS) if "ago" in given else 0,
            after=_count("after", given["after"][0]) if "after" in given else None,
        )

    def params(self) -> dict[str, str]:
        """As the engine takes it. `since` includes its own instant, and the page has that event already."""
        if self.after is not None:
            seconds, rest = divmod(self.after + 1, _NANO)
            return {"since": f"{seconds}.{rest:09d}"}
        return {"since": str(int(time.time()) - self.ago)} if self.ago else {}


def _count(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        raise ValueError(f"{name}: not a number: {text[:40]!r}")
    return int(text)
