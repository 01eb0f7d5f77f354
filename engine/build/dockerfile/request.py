"""One instruction's line, taken apart as far as is the same for all: what the readers of instructions are given."""

from dataclasses import dataclass
from typing import TypedDict

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.flags import Flags, take_flags
from engine.build.dockerfile.instructions import Heredoc
from engine.build.dockerfile.position import Position
from engine.build.dockerfile.words import BLANK, split_command


class Common(TypedDict):
    """The fields that every Instruction has."""

    position: Position
    original: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """`rest` is what follows the flags, without blanks around it; `keyword` is in upper case."""

    keyword: str
    flags: Flags
    rest: str
    heredocs: tuple[Heredoc, ...]
    escape: str
    common: Common

    def words(self) -> tuple[str, ...]:
        """The arguments, parted at blanks alone."""
        return tuple(BLANK.split(self.rest)) if self.rest else ()

    def only_argument(self) -> str:
        if not self.rest:
            raise SyntaxProblem(f"{self.keyword} requires exactly one argument")
        return self.rest

    def require(self, arguments: object) -> None:
        if not arguments:
            raise SyntaxProblem(f"{self.keyword} requires at least one argument")


def make_request(text: str, heredocs: tuple[Heredoc, ...], escape: str, common: Common) -> Request:
    keyword, rest = split_command(text)
    flags, rest = take_flags(rest, escape)
    return Request(keyword.upper(), Flags(flags), rest, heredocs, escape, common)
