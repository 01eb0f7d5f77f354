"""A line's words: quotes hold a word together, the escape character takes the next character as it is."""

import re
from collections.abc import Iterator

#: Go's unicode.IsSpace within a line, which is what the language's splitting is defined by.
BLANK = re.compile(r"[\t\v\f\r ]+")


def quoted_words(text: str, escape: str) -> Iterator[str]:
    """Words parted by blanks, with their quotes and escapes still in them; an open quote reaches to the end."""
    word, quote, position = "", "", 0
    while position < len(text):
        char = text[position]
        if char == escape and quote != "'":
            word += text[position : position + 2]
            position += 2
            continue
        position += 1
        if char.isspace() and not quote:
            if word:
                yield word
            word = ""
            continue
        quote = _next_quote(quote, char)
        word += char
    if word:
        yield word


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
