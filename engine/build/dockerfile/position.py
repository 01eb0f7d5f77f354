"""Where in a Dockerfile something stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: Lines shown of an instruction in an error: one with heredocs may have thousands.
_SHOWN: Final = 8
_WIDTH: Final = 200
#: Stands between a line's number and the line.
MARK: Final = " | >>> "


@dataclass(frozen=True)
class Position:
    """The lines, counted from 1, that an instruction takes, its heredocs included."""

    first: int
    last: int


def excerpt(position: Position, lines: Sequence[str]) -> str:
    """`lines`, those of `position`, with their numbers as BuildKit's clients print them; long ones are cut."""
    shown = [f"{position.first + index:>4}{MARK}{line[:_WIDTH]}" for index, line in enumerate(lines[:_SHOWN])]
    return "\n".join([*shown, *([f"{'':>4} | …"] if len(lines) > _SHOWN else [])])
