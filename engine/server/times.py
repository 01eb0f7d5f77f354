"""Points in time, as queries write them."""

import re
from datetime import datetime
from typing import Final

from engine.errors import InvalidParameter

_UNIX: Final = re.compile(r"(-?[0-9]{1,12})(?:\.([0-9]{1,9})[0-9]*)?")


def nanoseconds(text: str | None, name: str) -> int:
    """Unix nanoseconds of `seconds[.fraction]` or of an RFC 3339 time; 0 for nothing.

    Raises InvalidParameter, naming the parameter, for what is neither.
    """
    if not text:
        return 0
    if match := _UNIX.fullmatch(text):
        return int(match[1]) * 1_000_000_000 + int((match[2] or "").ljust(9, "0"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParameter(f"invalid value {text!r} for {name}: a Unix time is expected") from None
    return int(moment.timestamp() * 1_000_000) * 1000
