"""Shell patterns of `*` and `?` matched against a string in linear time: a Dockerfile's author writes both.

A pattern's tokens are simulated as an automaton, one bit a state, so that no pattern backtracks.
"""

from dataclasses import dataclass

from engine.build.dockerfile.errors import SyntaxProblem

#: Steps that one substitution may take: `${x//a*b/c}` is quadratic in x, and a step costs some 100 ns.
WORK_LIMIT = 5_000_000

_ANY, _ONE = "*", "?"


@dataclass(frozen=True)
class Pattern:
    """Tokens: `("*", True)` any run, `("?", True)` any character, `(c, False)` the character c itself."""

    tokens: tuple[tuple[str, bool], ...]

    def ends(self, text: str, start: int) -> tuple[int, int] | None:
        """The shortest and the longest end of a match that begins at `start`, None without one."""
        final = 1 << len(self.tokens)
        states = self._close(1)
        first = last = start if states & final else None
        for position in range(start, len(text)):
            states = self._step(states, text[position])
            if not states:
                break
            if states & final:
                first, last = position + 1 if first is None else first, position + 1
        return None if first is None or last is None else (first, last)

    def _close(self, states: int) -> int:
        """With every state that is reached without a character: a `*` may match nothing."""
        for index, token in enumerate(self.tokens):
            if states >> index & 1 and token == (_ANY, True):
                states |= 1 << index + 1
        return states

    def _step(self, states: int, char: str) -> int:
        following = 0
        for index, token in enumerate(self.tokens):
            if not states >> index & 1:
                continue
            if token == (_ANY, True):
                following |= 1 << index
            elif token in {(_ONE, True), (char, False)}:
                following |= 1 << index + 1
        return self._close(following)

    def reversed(self) -> "Pattern":
        return Pattern(self.tokens[::-1])


def compile_pattern(text: str) -> Pattern:
    """Raises SyntaxProblem for a backslash before anything but `*`, `?`, `\\`, `}` and `/`."""
    tokens: list[tuple[str, bool]] = []
    characters = iter(text)
    for char in characters:
        if char != "\\":
            tokens.append((char, char in {_ANY, _ONE}))
            continue
        escaped = next(characters, "")
        if escaped not in {"*", "?", "\\", "}", "/"}:
            raise SyntaxProblem(f"invalid pattern ({text}) in substitution: invalid escape '\\{escaped}'")
        tokens.append((escaped, False))
    return Pattern(tuple(tokens))


def remove_prefix(value: str, pattern: str, *, longest: bool) -> str:
    """`${value#pattern}`, and `##` where `longest`."""
    found = _bounded(compile_pattern(pattern), value).ends(value, 0)
    return value if found is None else value[found[longest] :]


def remove_suffix(value: str, pattern: str, *, longest: bool) -> str:
    """`${value%pattern}`, and `%%` where `longest`: a prefix of the mirrored value."""
    mirrored = value[::-1]
    found = _bounded(compile_pattern(pattern).reversed(), value).ends(mirrored, 0)
    return value if found is None else mirrored[found[longest] :][::-1]


def replace(value: str, pattern: str, replacement: str, *, every: bool) -> str:
    """`${value/pattern/replacement}`, and `//` where `every`: leftmost matches, each as long as can be."""
    compiled = _bounded(compile_pattern(pattern), value, len(value))
    if not value:
        return replacement if pattern and compiled.ends(value, 0) else value
    parts, position = [], 0
    for start in range(len(value)):
        if start < position:
            continue
        found = compiled.ends(value, start)
        if found is None or found[1] == start:
            continue
        parts += [value[position:start], replacement]
        position = found[1]
        if not every:
            break
    return "".join([*parts, value[position:]])


def _bounded(pattern: Pattern, value: str, starts: int = 1) -> Pattern:
    stars = sum(token == (_ANY, True) for token in pattern.tokens)
    span = len(value) if stars else min(len(value), len(pattern.tokens))
    if starts * span * max(1, len(pattern.tokens)) > WORK_LIMIT:
        raise SyntaxProblem("the value and the pattern of the substitution are too long")
    return pattern
