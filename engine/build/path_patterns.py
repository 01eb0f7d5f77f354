"""Patterns of paths, all in one automaton whose states are made as paths ask for them.

Within a name, `*`, `?`, `[a-c]` and backslashes are those of Go's filepath.Match; `**` crosses folders. No pattern can
make matching slow: each character read is one step, and a step that was made before is one look into a table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.errors import InvalidParameter

#: States that are kept. Paths that go through more start anew, which costs time and nothing else.
_STATES: Final = 50_000

Moves = Callable[[str], tuple[int, ...]]


@dataclass(slots=True)
class _Place:
    """One place in a pattern: where each character leads from it, and where none is needed to lead to."""

    moves: Moves
    skips: tuple[int, ...] = ()
    ends: int = -1


@dataclass(slots=True, eq=False)
class State:
    """The places that the patterns are at. `accepts`: the last pattern that ends here, -1 for none."""

    places: frozenset[int]
    accepts: int
    moves: dict[str, "State"] = field(default_factory=dict)


class Automaton:
    def __init__(self, patterns: Sequence[str]) -> None:
        """Raises InvalidParameter for a malformed pattern."""
        self._places: list[_Place] = []
        starts = [self._add(number, pattern) for number, pattern in enumerate(patterns)]
        self._known: dict[frozenset[int], State] = {}
        self.start = self._state(frozenset(starts))

    def run(self, state: State, text: str) -> State:
        """The state after reading `text` from `state`."""
        for char in text:
            following = state.moves.get(char)
            if following is None:
                following = state.moves[char] = self._move(state, char)
            state = following
        return state

    def _add(self, number: int, pattern: str) -> int:
        start = len(self._places)
        _Compiler(pattern, self._places).compile()
        self._places.append(_Place(_nowhere, ends=number))
        return start

    def _move(self, state: State, char: str) -> State:
        return self._state(frozenset(goal for place in state.places for goal in self._places[place].moves(char)))

    def _state(self, places: frozenset[int]) -> State:
        closed = self._closure(places)
        if closed not in self._known:
            if len(self._known) > _STATES:
                self._known.clear()
            self._known[closed] = State(closed, max((self._places[place].ends for place in closed), default=-1))
        return self._known[closed]

    def _closure(self, places: frozenset[int]) -> frozenset[int]:
        reached, waiting = set(places), list(places)
        while waiting:
            fresh = [place for place in self._places[waiting.pop()].skips if place not in reached]
            reached.update(fresh)
            waiting += fresh
        return frozenset(reached)


class _Compiler:
    """Writes one pattern's places behind those that are there."""

    def __init__(self, pattern: str, places: list[_Place]) -> None:
        self._pattern, self._places = pattern, places
        self._at = 0

    def compile(self) -> None:
        if self._has_plain_suffix():
            self._any_run()
            self._at = 2
        while self._at < len(self._pattern):
            self._piece(self._take())

    def _has_plain_suffix(self) -> bool:
        """`**.go`: a suffix of the whole path. Only where nothing but plain characters follow, as for Docker."""
        rest = self._pattern[2:]
        return self._pattern.startswith("**") and bool(rest) and rest[0] != "/" and not set(rest) & set("*?[\\")

    def _take(self) -> str:
        char = self._pattern[self._at : self._at + 1]
        if not char:
            raise InvalidParameter(f"{self._pattern[:200]}: syntax error in pattern")
        self._at += 1
        return char

    def _piece(self, char: str) -> None:
        if char == "*":
            self._star()
        elif char == "?":
            self._one(lambda read: read != "/")
        elif char == "[":
            self._one(self._class())
        else:
            literal = self._take() if char == "\\" else char
            self._one(lambda read: read == literal)

    def _one(self, accepts: Callable[[str], bool]) -> None:
        after = (len(self._places) + 1,)
        self._places.append(_Place(lambda read: after if accepts(read) else ()))

    def _star(self) -> None:
        if not self._pattern.startswith("*", self._at):
            self._run(lambda read: read != "/")
            return
        self._at += 1
        self._at += self._pattern.startswith("/", self._at)
        if self._at == len(self._pattern):
            self._any_run()
        else:
            self._folders()

    def _run(self, accepts: Callable[[str], bool]) -> None:
        here = len(self._places)
        self._places.append(_Place(lambda read: (here,) if accepts(read) else (), skips=(here + 1,)))

    def _any_run(self) -> None:
        self._run(lambda _: True)

    def _folders(self) -> None:
        """`**/`: no folder, or any that end with a `/`: one place to pass by, one to stay at until there is a `/`."""
        here = len(self._places)
        self._places.append(_Place(_nowhere, skips=(here + 1, here + 2)))
        self._places.append(_Place(lambda read: (here + 1, here + 2) if read == "/" else (here + 1,)))

    def _class(self) -> Callable[[str], bool]:
        is_negated = self._pattern.startswith("^", self._at)
        self._at += is_negated
        ranges = [self._range()]
        while not self._pattern.startswith("]", self._at):
            ranges.append(self._range())
        self._at += 1
        return lambda read: read != "/" and any(low <= read <= high for low, high in ranges) != is_negated

    def _range(self) -> tuple[str, str]:
        low = self._member()
        if not self._pattern.startswith("-", self._at):
            return low, low
        self._at += 1
        return low, self._member()

    def _member(self) -> str:
        char = self._take()
        if char in {"-", "]"}:
            raise InvalidParameter(f"{self._pattern[:200]}: syntax error in pattern")
        return self._take() if char == "\\" else char


def _nowhere(_: str) -> tuple[int, ...]:
    return ()
