"""Durations and sizes as Go's tools write them: `1m30s`, `64m`."""

import re
from decimal import Decimal
from typing import Final

from engine.build.dockerfile.errors import SyntaxProblem

_NANOSECONDS: Final = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?", re.ASCII | re.IGNORECASE)
#: A time.Duration, and a size, is a signed 64-bit number.
_MOST: Final = 2**63 - 1


def duration(text: str) -> int:
    """Nanoseconds of `1h2m3.5s`; a sign may lead, "0" needs no unit. Raises SyntaxProblem."""
    body = text.removeprefix("-").removeprefix("+") if text[:1] in {"-", "+"} else text
    if body == "0":
        return 0
    parts = list(_PART.finditer(body))
    if not parts or "".join(part[0] for part in parts) != body:
        raise SyntaxProblem(f'time: invalid duration "{text[:80]}"')
    total = int(sum(Decimal(part[1]) * _NANOSECONDS[part[2]] for part in parts))
    if total > _MOST:
        raise SyntaxProblem(f'time: invalid duration "{text[:80]}"')
    return -total if text.startswith("-") else total


def size(text: str) -> int:
    """Bytes of `100`, `64m`, `1.5GiB`: powers of 1024. Raises SyntaxProblem."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise SyntaxProblem(f"invalid size: '{text[:80]}'")
    result = int(Decimal(match[1]) * 1024 ** " kmgtp".index(match[2].lower() or " "))
    if result > _MOST:
        raise SyntaxProblem(f"invalid size: '{text[:80]}'")
    return result
