"""Variables in a Dockerfile's words: `$name`, `${name}` and the modifiers of `${name…}`.

The grammar is the reference's: quotes and escapes as in a POSIX shell, `:-`, `-`, `:+`, `+`, `:?`, `?` with words that
are expanded themselves, `#`, `##`, `%`, `%%` with patterns, `/` and `//` with a pattern and a replacement. A variable
that is not set is empty.
"""

import re
from collections.abc import Mapping
from typing import Final

from engine.build.dockerfile import glob
from engine.build.dockerfile.errors import SyntaxProblem

#: How deep `${a:-${b:-…}}` may go: deeper is an attack on the parser's stack.
DEPTH_LIMIT: Final = 100
_BLANK: Final = re.compile(r"\s")
_PLAIN: Final = re.compile(r"[^$'\"\\`/}]+")
_SPECIAL: Final = frozenset("@*#?-$!")
_SINGLE: Final = "unexpected end of statement while looking for matching single-quote"
_DOUBLE: Final = "unexpected end of statement while looking for matching double-quote"
_OPEN: Final = "syntax error: missing '}'"


def expand(word: str, env: Mapping[str, str], escape: str = "\\") -> str:
    """One word with its variables replaced, its quotes and escapes taken away. Raises SyntaxProblem."""
    return "".join(text for text, _ in _pieces(word, env, escape))


def expand_words(word: str, env: Mapping[str, str], escape: str = "\\") -> tuple[str, ...]:
    """The same, parted at blanks that are neither quoted nor escaped: a variable's value may be several words."""
    words: list[list[str]] = [[]]
    for text, is_literal in _pieces(word, env, escape):
        head, *tail = [text] if is_literal else _BLANK.split(text)
        words[-1].append(head)
        words += [[part] for part in tail]
    return tuple(filter(None, map("".join, words)))


def expand_text(text: str, env: Mapping[str, str]) -> str:
    """A heredoc's body: variables and backslashes count, quotes don't."""
    lexer = _Lexer(text, env, "\\", quotes=False)
    return _wrapped(text, lexer)[0]


def _pieces(word: str, env: Mapping[str, str], escape: str) -> list[tuple[str, bool]]:
    return _wrapped(word, _Lexer(word, env, escape))[1]


def _wrapped(source: str, lexer: "_Lexer") -> tuple[str, list[tuple[str, bool]]]:
    try:
        pieces = lexer.run("")
    except SyntaxProblem as problem:
        raise SyntaxProblem(f'failed to process "{source[:200]}": {problem}') from problem
    return "".join(text for text, _ in pieces), pieces


class _Lexer:
    """One pass over a word. Pieces are (text, literal): blanks in a literal one don't part words."""

    def __init__(self, text: str, env: Mapping[str, str], escape: str, *, quotes: bool = True) -> None:
        self._text, self._env, self._escape, self._quotes = text, env, escape, quotes
        self._position = 0
        self._depth = 0

    def run(self, stop: str, *, raw: bool = False) -> list[tuple[str, bool]]:
        """Until the character `stop` (taken), or the end where it is ""; `raw` leaves escapes in, for patterns."""
        pieces: list[tuple[str, bool]] = []
        while (char := self._peek()) != "":
            if char == stop:
                self._position += 1
                return pieces
            pieces += self._piece(char, raw=raw)
        if stop:
            raise SyntaxProblem(_OPEN if stop == "}" else "syntax error: missing '/' in ${}")
        return pieces

    def _piece(self, char: str, *, raw: bool) -> list[tuple[str, bool]]:
        if plain := _PLAIN.match(self._text, self._position):
            self._position = plain.end()
            return [(plain[0], False)]
        if char == "$":
            return [(self._dollar(), False)]
        if self._quotes and char == "'":
            return [(self._single(), True)]
        if self._quotes and char == '"':
            return [(self._double(raw=raw), True)]
        self._position += 1
        if char != self._escape:
            return [(char, False)]
        escaped = self._next()
        return [(char + escaped if raw else escaped, True)] if escaped or raw else []

    def _peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def _next(self) -> str:
        char = self._peek()
        self._position += 1
        return char

    def _single(self) -> str:
        start = self._position + 1
        end = self._text.find("'", start)
        if end < 0:
            raise SyntaxProblem(_SINGLE)
        self._position = end + 1
        return self._text[start:end]

    def _double(self, *, raw: bool) -> str:
        self._position += 1
        parts = []
        while (char := self._peek()) != '"':
            if not char:
                raise SyntaxProblem(_DOUBLE)
            parts.append(self._quoted(char, raw=raw))
        self._position += 1
        return "".join(parts)

    def _quoted(self, char: str, *, raw: bool) -> str:
        """What stands at this place in double quotes: there, few characters can be escaped."""
        if plain := _PLAIN.match(self._text, self._position):
            self._position = plain.end()
            return plain[0]
        if char == "$":
            return self._dollar()
        self._position += 1
        if char == self._escape and self._peek() in {'"', "$", self._escape}:
            return (char if raw else "") + self._next()
        return char

    def _dollar(self) -> str:
        self._position += 1
        if self._peek() != "{":
            name = self._name()
            return self._env.get(name, "") if name else "$"
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise SyntaxProblem("substitutions are nested too deeply")
        value = self._braced()
        self._depth -= 1
        return value

    def _name(self) -> str:
        """A variable's name at this place, a positional or special parameter's, or ""."""
        start = self._position
        if self._peek() in _SPECIAL:
            return self._next()
        accept = str.isdigit if self._peek().isdigit() else _is_name_character
        while self._peek() and accept(self._peek()):
            self._position += 1
        return self._text[start : self._position]

    def _braced(self) -> str:
        self._position += 1
        if self._peek() in {"{", "}", ":"}:
            raise SyntaxProblem("syntax error: bad substitution")
        name = self._name()
        operator = self._next()
        if operator == "}":
            return self._env.get(name, "")
        if operator == "":
            raise SyntaxProblem(_OPEN)
        if operator == "/":
            return self._replaced(name)
        if operator in {"#", "%"}:
            return self._trimmed(name, operator)
        return self._chosen(name, operator)

    def _chosen(self, name: str, operator: str) -> str:
        """`-`, `+`, `?`, and the same after `:`, which takes an empty value for an unset one."""
        is_strict = operator == ":"
        kind = self._next() if is_strict else operator
        if kind not in {"-", "+", "?"}:
            raise SyntaxProblem(
                f"unsupported modifier ({operator if kind == operator else operator + kind}) in substitution"
            )
        word = self._rest()
        value = self._env.get(name)
        is_given = value is not None and not (is_strict and not value)
        if kind == "+":
            return word if is_given else ""
        if kind == "?" and not is_given:
            reason = word or f"is not allowed to be {'unset' if value is None else 'empty'}"
            raise SyntaxProblem(f"{name}: {reason}")
        return value if is_given and value is not None else word

    def _trimmed(self, name: str, operator: str) -> str:
        longest = self._peek() == operator
        self._position += longest
        pattern = self._rest(raw=True)
        trim = glob.remove_prefix if operator == "#" else glob.remove_suffix
        return trim(self._env.get(name, ""), pattern, longest=longest)

    def _replaced(self, name: str) -> str:
        every = self._peek() == "/"
        self._position += every
        pattern = self._rest("/", raw=True)
        return glob.replace(self._env.get(name, ""), pattern, self._rest(), every=every)

    def _rest(self, stop: str = "}", *, raw: bool = False) -> str:
        return "".join(text for text, _ in self.run(stop, raw=raw))


def _is_name_character(char: str) -> bool:
    return char.isalnum() or char == "_"
