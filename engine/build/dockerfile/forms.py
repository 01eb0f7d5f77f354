"""The two forms of arguments: a JSON array of strings, and plain text."""

import json
from typing import Final

from engine.build.dockerfile.errors import SyntaxProblem
from engine.build.dockerfile.instructions import Command, ExecForm, ShellForm

_DECODER: Final = json.JSONDecoder()


def json_words(text: str) -> tuple[str, ...] | None:
    """The strings of a JSON array, None where `text` is no JSON array: it is plain text then.

    What follows the array is not looked at, as in Docker. Raises SyntaxProblem for an array of other things.
    """
    if not text.startswith("["):
        return None
    try:
        found, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(word, str) for word in found):
        raise SyntaxProblem("when using JSON array syntax, arrays must be comprised of strings only")
    return tuple(_scalar(word) for word in found)


def _scalar(word: str) -> str:
    """Half surrogate pairs, which JSON can write and UTF-8 can't, become U+FFFD; NUL ends every C string."""
    if "\0" in word:
        raise SyntaxProblem("a NUL character can't be part of an argument")
    return word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def read_command(text: str) -> Command:
    words = json_words(text)
    return ShellForm(text) if words is None else ExecForm(words)
