"""Here-documents: `<<NAME` on a line, and the lines up to `NAME`."""

import re
from typing import Final

from engine.build.dockerfile.instructions import Heredoc
from engine.build.dockerfile.words import is_balanced, quoted_words

_WORD: Final = re.compile(r"\d*<<(-?)([^<]+)")
_GAP: Final = re.compile(r"(<<-?)[ \t]+(?=[^\s<])")
_TABS: Final = re.compile(r"^\t+", re.MULTILINE)


def announced(line: str) -> list[Heredoc]:
    """The heredocs, still empty, whose bodies follow `line`, in their order.

    A word of the line must be one as a whole (`cat <<EOF`, not `$((1<<2))`); a line with an open quote has none.
    """
    if "<<" not in line or not is_balanced(line, "\\"):
        return []
    words = quoted_words(_GAP.sub(r"\1", line), "\\")
    return [heredoc for word in words if (heredoc := read_word(word))]


def read_word(word: str) -> Heredoc | None:
    """The heredoc that `<<EOF`, `<<-EOF` or `3<<"EOF"` announces; a quoted name keeps `$` in the body as it is."""
    match = _WORD.fullmatch(word)
    if match is None:
        return None
    name = "".join(_unquoted(match[2]))
    return Heredoc(name, expand=name == match[2], content="", chomp=match[1] == "-") if name else None


def _unquoted(word: str) -> list[str]:
    """The name without its quotes; a backslash quotes too."""
    return re.findall(r"\\?([^'\"\\])", word)


def is_end(line: str, heredoc: Heredoc) -> bool:
    text = line.rstrip("\r\n")
    return (text.lstrip("\t") if heredoc.chomp else text) == heredoc.name


def filled(heredoc: Heredoc, lines: list[str]) -> Heredoc:
    """With its body: `lines` keep their line ends."""
    content = "".join(lines)
    return Heredoc(
        heredoc.name,
        expand=heredoc.expand,
        content=_TABS.sub("", content) if heredoc.chomp else content,
        chomp=heredoc.chomp,
    )
