"""The moment of an `until` filter: a Unix time, a date, or how long ago, as Go writes durations."""

import re
import time
from datetime import UTC, datetime
from typing import Final

from engine.errors import InvalidParameter

_UNIX: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
_PART: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{0,9})?)(ns|us|µs|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def until(text: str) -> float:
    """Unix seconds. A date without a zone is taken as UTC. Raises InvalidParameter for what is no time."""
    if _UNIX.fullmatch(text):
        return float(text)
    parts = _PART.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return time.time() - sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(f'failed to parse value as time or duration: "{text[:80]}"') from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
