"""Patterns of names: Go's path.Match, whose rules Docker uses (https://pkg.go.dev/path#Match).

Patterns are a stranger's, so no regular expression is made of them: one with many stars would keep it busy for ages.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import InvalidParameter


@dataclass(frozen=True, slots=True)
class _Star:
    """Any characters but slashes."""


@dataclass(frozen=True, slots=True)
class _One:
    """One character: of the ranges, or with `negated` of none of them."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def fits(self, character: str) -> bool:
        return self.negated != any(low <= character <= high for low, high in self.ranges)


class _Broken(Exception):
    """The pattern ends too early, or has a sign where none may be."""


_Token = _Star | _One
_ANY_BUT_SLASH = _One((("/", "/"),), negated=True)


class Glob:
    """A pattern; raises InvalidParameter for one that is none."""

    def __init__(self, pattern: str) -> None:
        try:
            self._tokens = list(_tokens(iter(pattern)))
        except _Broken:
            raise InvalidParameter(f"invalid reference pattern {pattern[:200]!r}: syntax error in pattern") from None

    def fits(self, name: str) -> bool:
        """Is the whole name meant? The time is at most the product of both lengths.

        Only the last star is ever tried again: what it can't make good, no earlier one can.
        """
        at = position = 0
        star: tuple[int, int] | None = None
        while position < len(name):
            token = self._tokens[at] if at < len(self._tokens) else None
            if isinstance(token, _Star):
                star = (at + 1, position)
                at += 1
            elif token is not None and token.fits(name[position]):
                at, position = at + 1, position + 1
            elif star is not None and name[star[1]] != "/":
                star = (star[0], star[1] + 1)
                at, position = star
            else:
                return False
        return all(isinstance(token, _Star) for token in self._tokens[at:])


def _tokens(characters: Iterator[str]) -> Iterator[_Token]:
    for character in characters:
        if character == "*":
            yield _Star()
        elif character == "?":
            yield _ANY_BUT_SLASH
        elif character == "[":
            yield _class(characters)
        else:
            literal = _next(characters) if character == "\\" else character
            yield _One(((literal, literal),))


def _class(characters: Iterator[str]) -> _One:
    character = _next(characters)
    negated = character == "^"
    if negated:
        character = _next(characters)
    ranges: list[tuple[str, str]] = []
    while character != "]" or not ranges:
        low = _plain(character, characters)
        character = _next(characters)
        high = low
        if character == "-":
            high = _plain(_next(characters), characters)
            character = _next(characters)
        ranges.append((low, high))
    return _One(tuple(ranges), negated)


def _next(characters: Iterator[str]) -> str:
    try:
        return next(characters)
    except StopIteration:
        raise _Broken from None


def _plain(character: str, characters: Iterator[str]) -> str:
    """A bound of a range: `-` and `]` want a backslash."""
    if character in {"-", "]"}:
        raise _Broken
    return _next(characters) if character == "\\" else character
