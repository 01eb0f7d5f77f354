"""A line's words: quotes hold a word together, the escape character takes the next character as it is."""

import re
from collections.abc import Iterator
from typing import Final

#: Go's unicode.IsSpace within a line, which is what the language's splitting is defined by.
BLANK = re.compile(r"[\t\v\f\r ]+")


def quoted_words(text: str, escape: str) -> Iterator[str]:
    """Words parted by blanks, with their quotes and escapes still in them; an open quote reaches to the end."""
    for match in _WORDS[escape].finditer(text):
        yield match[0]


def _word(escape: str) -> re.Pattern[str]:
    """One word: escaped characters, quoted stretches (no escapes in single quotes), other characters."""
    mark = re.escape(escape)
    single = r"'[^']*+(?:'|\Z)"
    double = rf'"(?:{mark}.|[^"{mark}])*+(?:"|{mark}?\Z)'
    return re.compile(rf"(?:{mark}.|{mark}\Z|{single}|{double}|[^\s'\"{mark}])++", re.DOTALL)


_WORDS: Final = {escape: _word(escape) for escape in ("\\", "`")}


def is_balanced(text: str, escape: str) -> bool:
    """Whether every quote in `text` is closed."""
    quote, position = "", 0
    while position < len(text):
        if text[position] == escape and quote != "'":
            position += 2
            continue
        quote = _next_quote(quote, text[position])
        position += 1
    return not quote


def _next_quote(quote: str, char: str) -> str:
    """The quote that is open after `char`, "" for none."""
    if not quote:
        return char if char in "'\"" else ""
    return "" if char == quote else quote


def split_command(line: str) -> tuple[str, str]:
    """The instruction's keyword and the rest of its line."""
    keyword, *rest = BLANK.split(line.strip(), maxsplit=1)
    return keyword, rest[0].strip() if rest else ""
