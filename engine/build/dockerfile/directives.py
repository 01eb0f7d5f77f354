"""Parser directives: `# key=value` comments at the head of a file, before anything else."""

import re
from collections.abc import Sequence
from typing import Final

from engine.build.dockerfile.checks import read_options
from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.instructions import Directives

_DIRECTIVE: Final = re.compile(r"\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$")
_KNOWN: Final = frozenset({"escape", "syntax", "check"})
#: The frontends whose language this is. Others would have to be run as programs.
_FRONTENDS: Final = re.compile(
    r"(?:(?:docker\.io/)?docker/dockerfile(?:-upstream)?|docker\.io/docker/dockerfile)"
    r"(?::[\w.-]+)?(?:@sha256:[0-9a-f]{64})?"
)


def read_directives(lines: Sequence[str]) -> tuple[Directives, int]:
    """The directives of a file and how many of its lines they take.

    The first line that is no known directive ends them: it is an ordinary comment then, even if it looks like one.
    Raises `DirectiveProblem` for a directive given twice, or one whose value can't be.
    """
    found: dict[str, str] = {}
    for index, line in enumerate(lines):
        match = _DIRECTIVE.match(line)
        key = match[1].lower() if match else ""
        if match is None or key not in _KNOWN:
            return Directives(**found), index
        if key in found:
            raise DirectiveProblem(f"only one {key} parser directive can be used", index + 1)
        found[key] = _checked(key, match[2], index + 1)
    return Directives(**found), len(lines)


class DirectiveProblem(SyntaxProblem):
    """A directive that can't be; `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def _checked(key: str, value: str, line: int) -> str:
    if key == "escape" and value not in {"\\", "`"}:
        raise DirectiveProblem(f"invalid escape token '{value}' does not match ` or \\", line)
    if key == "syntax" and not _FRONTENDS.fullmatch(value.split(maxsplit=1)[0]):
        raise DirectiveProblem(
            f"syntax {value[:200]} is not supported: only docker/dockerfile's language is built in, "
            "and other frontends are not run",
            line,
        )
    if key == "check":
        _check_options(value, line)
    return value


def _check_options(value: str, line: int) -> None:
    try:
        read_options(value)
    except SyntaxProblem as problem:
        raise DirectiveProblem(str(problem), line) from problem
