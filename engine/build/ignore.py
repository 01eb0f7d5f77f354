"""`.dockerignore`: which of a context's files a build does not see.

The rules are the reference's and moby/patternmatcher's: one pattern a line, cleaned as by Go's filepath.Clean; `*` and
`?` stay within a name, `**` crosses folders, `!` makes an exception; a pattern that matches a folder matches all that
is in it; of the patterns that match, the last one decides.

All patterns together are one automaton (`engine.build.path_patterns`). Of each path it reads the last name only, going
on from where the folder ended, so that twenty thousand files take some hundredths of a second whatever the patterns.
"""

from collections.abc import Sequence
from typing import Final

from engine.build.path_patterns import Automaton, State
from engine.errors import InvalidParameter

FILE_NAME: Final = ".dockerignore"
#: Bytes. Each character of a pattern is a state of the automaton.
SIZE_LIMIT: Final = 128 << 10


def ignore_files(dockerfile: str) -> tuple[str, str]:
    """Where a build's patterns may stand; the first of these that is there counts, and it alone."""
    return f"{dockerfile}{FILE_NAME}", FILE_NAME


def read_patterns(text: bytes) -> tuple[str, ...]:
    """The patterns of a file, cleaned and checked; comments and empty lines left out. Raises InvalidParameter."""
    if len(text) > SIZE_LIMIT:
        raise InvalidParameter(f"{FILE_NAME} has {len(text)} bytes: {SIZE_LIMIT} are the most")
    lines = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    stripped = (line.strip() for line in lines if not line.startswith("#"))
    patterns = tuple(_cleaned(line) for line in stripped if line)
    Ignore(patterns)
    return patterns


def _cleaned(line: str) -> str:
    mark, body = ("!", line[1:].strip()) if line.startswith("!") else ("", line)
    if mark and not body:
        raise InvalidParameter(f'illegal exclusion pattern: "{line}"')
    return mark + _clean_path(body)


def _clean_path(path: str) -> str:
    """Go's filepath.Clean, and without the leading `/`: patterns start at the context's root as it is."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part == ".." and path.startswith("/"):
            continue
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts) or "."


class Ignore:
    """Tells of paths (relative to the context's root, without `.` and `..`) whether the patterns leave them out."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """From what `read_patterns` gives, or a COPY's `--exclude`. Raises InvalidParameter for a malformed one."""
        self._exceptions = tuple(pattern.startswith("!") for pattern in patterns)
        self._automaton = Automaton([pattern.removeprefix("!") for pattern in patterns])
        self._folders: dict[str, tuple[State, int]] = {"": (self._automaton.start, -1)}

    @property
    def is_empty(self) -> bool:
        return not self._exceptions

    def __call__(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        state, decided = self._folder(folder)
        decided = max(decided, self._automaton.run(state, name).accepts)
        return decided >= 0 and not self._exceptions[decided]

    def _folder(self, path: str) -> tuple[State, int]:
        """The state behind `path/`, and the last pattern that matches the folder or one above it (-1: none does)."""
        known = self._folders.get(path)
        if known is not None:
            return known
        missing = [path]
        while (above := missing[-1].rpartition("/")[0]) not in self._folders:
            missing.append(above)
        state, decided = self._folders[above]
        for folder in reversed(missing):
            ended = self._automaton.run(state, folder.rpartition("/")[2])
            state, decided = self._automaton.run(ended, "/"), max(decided, ended.accepts)
            self._folders[folder] = state, decided
        return state, decided
