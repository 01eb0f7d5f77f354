"""Logical lines: continuation lines joined, comments and empty lines left out, heredoc bodies attached."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.heredoc import announced, filled, is_end
from engine.build.dockerfile.instructions import Heredoc
from engine.build.dockerfile.position import Position
from engine.build.dockerfile.words import split_command

#: The instructions that a heredoc may follow; ONBUILD where its trigger is one of them.
_WITH_HEREDOCS: Final = frozenset({"ADD", "COPY", "RUN"})


@dataclass(frozen=True)
class LogicalLine:
    """One instruction's text. `has_gap`: an empty line stands among its continuation lines, which Docker deplores."""

    text: str
    position: Position
    heredocs: tuple[Heredoc, ...] = ()
    has_gap: bool = False


class LineProblem(SyntaxProblem):
    """Lines that make no instruction."""

    def __init__(self, message: str, position: Position) -> None:
        super().__init__(message)
        self.position = position


class LineReader:
    """Reads logical lines from physical ones (with their line ends), starting after `skip` lines of directives."""

    def __init__(self, lines: Sequence[str], escape: str, skip: int = 0) -> None:
        self._lines = lines
        self._at = skip
        mark = re.escape(escape)
        # Two escape characters at a line's end are an escaped escape character: that line ends.
        self._continued = re.compile(rf"(?:(?<=[^{mark}])|^){mark}[ \t]*$")

    def __iter__(self) -> Iterator[LogicalLine]:
        while self._at < len(self._lines):
            first = self._at + 1
            text = self._take().lstrip()
            if _is_comment(text):
                continue
            text, goes_on = self._cut(text)
            if not text and not goes_on:
                continue
            text, has_gap = self._joined(text, goes_on=goes_on)
            if text.strip():
                heredocs = self._heredocs(text, first)
                yield LogicalLine(text, Position(first, self._at), heredocs, has_gap)

    def _take(self) -> str:
        self._at += 1
        return self._lines[self._at - 1].rstrip("\r\n")

    def _cut(self, text: str) -> tuple[str, bool]:
        shortened = self._continued.sub("", text)
        return shortened, shortened != text

    def _joined(self, text: str, *, goes_on: bool) -> tuple[str, bool]:
        parts, has_gap = [text], False
        while goes_on and self._at < len(self._lines):
            following = self._take()
            if _is_comment(following.lstrip()):
                continue
            if not following.strip():
                has_gap = True
                continue
            part, goes_on = self._cut(following)
            parts.append(part)
        return "".join(parts), has_gap

    def _heredocs(self, text: str, first: int) -> tuple[Heredoc, ...]:
        if not takes_heredocs(text):
            return ()
        return tuple(self._body(heredoc, first) for heredoc in announced(text))

    def _body(self, heredoc: Heredoc, first: int) -> Heredoc:
        start = self._at
        while self._at < len(self._lines):
            self._at += 1
            if is_end(self._lines[self._at - 1], heredoc):
                return filled(heredoc, list(self._lines[start : self._at - 1]))
        raise LineProblem("unterminated heredoc", Position(first, self._at))


def takes_heredocs(text: str) -> bool:
    keyword, rest = split_command(text)
    if keyword.upper() == "ONBUILD":
        keyword, _ = split_command(rest)
    return keyword.upper() in _WITH_HEREDOCS


def _is_comment(text: str) -> bool:
    return text.startswith("#")


def physical_lines(text: str) -> list[str]:
    """The lines with their ends; only a line feed ends one, as for Docker."""
    return re.findall(r"[^\n]*\n|[^\n]+$", text)
