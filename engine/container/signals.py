"""Signals as users write them: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`."""

import re
import signal
from typing import Final

from engine.errors import InvalidParameter

_REAL_TIME: Final = re.compile(r"RT(MIN|MAX)(?:([+-])(\d{1,2}))?")
_HIGHEST: Final = 64


def signal_number(text: str) -> int:
    """The signal's number. Raises InvalidParameter (`Invalid signal: …`)."""
    name = text.strip().upper().removeprefix("SIG")
    number = int(name) if name.isdigit() else _named(name)
    if number is None or not 0 < number <= _HIGHEST:
        raise InvalidParameter(f"Invalid signal: {text}")
    return number


def _named(name: str) -> int | None:
    if match := _REAL_TIME.fullmatch(name):
        # Docker counts from the C library's 34, as Python does.
        base = signal.SIGRTMIN if match[1] == "MIN" else signal.SIGRTMAX
        return int(base) + int(f"{match[2] or '+'}{match[3] or 0}")
    known = getattr(signal, f"SIG{name}", None)
    return int(known) if isinstance(known, signal.Signals) else None
