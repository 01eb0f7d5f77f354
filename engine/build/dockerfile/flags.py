"""The `--name=value` flags between an instruction's keyword and its arguments."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from engine.build.dockerfile.errors import SyntaxProblem

_TRUE: Final = "true"


def take_flags(rest: str, escape: str) -> tuple[tuple[str, ...], str]:
    """The flags at the head of an instruction's arguments, and what follows. A bare `--` ends them and is dropped."""
    found: list[str] = []
    while rest.startswith("--"):
        word, remainder = _first_word(rest, escape)
        if word == "--":
            return tuple(found), remainder
        found.append(word)
        rest = remainder
    return tuple(found), rest


def _first_word(text: str, escape: str) -> tuple[str, str]:
    """A word without its quotes and escapes, and the text after the blanks that follow it."""
    word: list[str] = []
    quote, position = "", 0
    while position < len(text):
        char = text[position]
        position += 1
        if char == escape and position < len(text) and quote != "'":
            word.append(text[position])
            position += 1
        elif not quote and char.isspace():
            return "".join(word), text[position:].lstrip()
        elif char == quote or (not quote and char in "'\""):
            quote = "" if quote else char
        else:
            word.append(char)
    return "".join(word), ""


@dataclass
class Flags:
    """One instruction's flags, asked for by name; `finish` refuses those that nobody asked for."""

    written: tuple[str, ...]
    _known: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """The value of a flag that may stand once, "" where it does not."""
        values = self.texts(name)
        if len(values) > 1:
            raise SyntaxProblem(f"Duplicate flag specified: {name}")
        return values[0] if values else ""

    def texts(self, name: str) -> list[str]:
        self._known.append(name)
        values = []
        for key, value in map(_split, self.written):
            if key == name and value is None:
                raise SyntaxProblem(f"Missing a value on flag: {name}")
            values += [value] if key == name and value is not None else []
        return values

    def boolean(self, name: str) -> bool | None:
        """`--link`, `--link=true`, `--link=false`; None where the flag is not given."""
        self._known.append(name)
        values = [value for key, value in map(_split, self.written) if key == name]
        if len(values) > 1:
            raise SyntaxProblem(f"Duplicate flag specified: {name}")
        if not values:
            return None
        lowered = _TRUE if values[0] is None else values[0].lower()
        if lowered not in {_TRUE, "false"}:
            raise SyntaxProblem(f"Expecting boolean value for flag {name}, not: {values[0]}")
        return lowered == _TRUE

    def finish(self) -> None:
        for name, _ in map(_split, self.written):
            if name not in self._known:
                raise SyntaxProblem(f"unknown flag: --{name}{suggestion(name, self._known)}")


def _split(flag: str) -> tuple[str, str | None]:
    name, has_value, value = flag.removeprefix("--").partition("=")
    return name, value if has_value else None


def suggestion(word: str, candidates: list[str]) -> str:
    """` (did you mean x?)` for the candidate that `word` comes close to, "" without one."""
    close = get_close_matches(word.lower(), [candidate.lower() for candidate in candidates], n=1, cutoff=0.6)
    return f" (did you mean {next(c for c in candidates if c.lower() == close[0])}?)" if close else ""
