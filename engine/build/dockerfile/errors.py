"""What is wrong with a Dockerfile, and where."""

from collections.abc import Sequence

from engine.build.dockerfile.position import Position, excerpt
from engine.errors import InvalidParameter


class ParseError(InvalidParameter):
    """A Dockerfile that can't be understood. The message shows the line; `position` is None for the whole file."""

    def __init__(self, message: str, position: Position | None = None) -> None:
        super().__init__(message)
        self.position = position


class SyntaxProblem(ValueError):
    """What a reader of one line finds wrong with it; who knows the line's number makes a ParseError of it."""


def parse_error(problem: object, position: Position, lines: Sequence[str]) -> ParseError:
    """`dockerfile parse error on line 3: …`, BuildKit's words, followed by the lines, those of `position`."""
    text = f"dockerfile parse error on line {position.first}: {problem}"
    return ParseError(f"{text}\n{excerpt(position, lines)}", position)
