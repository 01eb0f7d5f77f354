"""Shell patterns for one name of a path, by the rules of Go's filepath.Match.

`*` is any run of characters, `?` one, `[a-c]` one of a class and `[^a-c]` one not of it, a backslash takes the meaning
from what follows. Each `*` takes the shortest run that fits and never another (an atomic group), as that is enough: no
pattern makes matching slow.
"""

import re
from functools import lru_cache

from engine.build.worker.errors import Refusal

_MAGIC = re.compile(r"[*?\[\\]")


def is_pattern(text: str) -> bool:
    return _MAGIC.search(text) is not None


def matches(pattern: str, name: str) -> bool:
    """Raises Refusal for a pattern that is malformed."""
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(512)
def _compiled(pattern: str) -> re.Pattern[str]:
    chunks = [""]
    position = 0
    while position < len(pattern):
        if pattern[position] == "*":
            chunks.append("")
            position += 1
        else:
            text, position = _one(pattern, position)
            chunks[-1] += text
    head, *middle = chunks
    tail = ""
    if middle:
        *middle, last = middle
        tail = f".*{last}"
    return re.compile(head + "".join(f"(?>.*?{chunk})" for chunk in middle) + tail, re.DOTALL)


def _one(pattern: str, position: int) -> tuple[str, int]:
    """One character's expression, and where the next begins."""
    character = pattern[position]
    if character == "?":
        return ".", position + 1
    if character == "[":
        return _class(pattern, position + 1)
    if character == "\\":
        position += 1
        if position == len(pattern):
            raise _malformed(pattern)
        character = pattern[position]
    return re.escape(character), position + 1


def _class(pattern: str, position: int) -> tuple[str, int]:
    negated = pattern.startswith("^", position)
    position += negated
    ranges: list[str] = []
    while not pattern.startswith("]", position) or not ranges:
        low, position = _member(pattern, position)
        high = low
        if pattern.startswith("-", position):
            high, position = _member(pattern, position + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            ranges.append("")
    inside = "".join(ranges)
    if not inside:
        return ("." if negated else r"(?!)"), position + 1
    return f"[{'^' if negated else ''}{inside}]", position + 1


def _member(pattern: str, position: int) -> tuple[str, int]:
    if pattern[position : position + 1] in {"", "-", "]"}:
        raise _malformed(pattern)
    if pattern[position] == "\\":
        position += 1
    if position + 1 >= len(pattern):
        raise _malformed(pattern)
    return pattern[position], position + 1


def _malformed(pattern: str) -> Refusal:
    return Refusal(f"{pattern}: syntax error in pattern")
