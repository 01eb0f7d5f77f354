"""The entries of a job's output, and their JSON. Pure values, no I/O."""

import re
from enum import StrEnum
from typing import Final, NamedTuple, Self, TypeAlias

import msgspec

from dashboard.jobs.states import State

#: Characters of one log line; what is longer is cut. A line is for people to read.
MAX_TEXT: Final = 8 * 1024
_ID: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")


class EntryId(NamedTuple):
    """An entry's place in its job's output. Sorts as Redis sorts a stream's IDs."""

    attempt: int
    number: int

    def __str__(self) -> str:
        return f"{self.attempt}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `<attempt>-<number>`; raises ValueError for anything else."""
        if (match := _ID.fullmatch(text)) is None:
            raise ValueError(f"not the ID of an output entry: {text!r}")
        return cls(int(match[1]), int(match[2]))


#: Before the first entry.
START: Final = EntryId(0, 0)


class Level(StrEnum):
    """Who speaks: the engine (`out`), Portside itself (`notice`), or a failure (`error`)."""

    OUT = "out"
    NOTICE = "notice"
    ERROR = "error"


class Line(msgspec.Struct, frozen=True, tag="line", tag_field="type"):
    """A line of the log, or several that were said together, without the last one's end.

    `at` is seconds since 1970; `step` the number of the step that says it, 0 for none.
    """

    text: str
    at: float
    level: Level = Level.OUT
    step: int = 0

    @property
    def slot(self) -> None:
        return None


class Layer(msgspec.Struct, frozen=True, tag="layer", tag_field="type"):
    """How far one layer is. `order` is its place on the page; `current` and `total` are bytes, 0 where unknown."""

    layer: str
    order: int
    status: str
    current: int = 0
    total: int = 0

    @property
    def slot(self) -> str:
        return f"layer:{self.layer}"


class Status(StrEnum):
    """Where a step stands."""

    RUNNING = "running"
    DONE = "done"
    CACHED = "cached"
    FAILED = "failed"


class Step(msgspec.Struct, frozen=True, tag="step", tag_field="type"):
    """How one step of `total` is, counted from 1. `at` is when it came to that, in seconds since 1970."""

    step: int
    total: int
    title: str
    status: Status
    at: float

    @property
    def slot(self) -> str:
        return f"step:{self.step}"


class Dropped(msgspec.Struct, frozen=True, tag="dropped", tag_field="type"):
    """So many of the oldest lines were let go, because a job's output is bounded; `size` is that of their texts.

    In bytes of UTF-8, a line's end counted as one.
    """

    lines: int
    size: int = 0

    @property
    def slot(self) -> str:
        return "dropped"


class Moved(msgspec.Struct, frozen=True, tag="state", tag_field="type"):
    """The job came to `state`. A final one is the last entry of all."""

    state: State
    at: float
    error: str = ""

    @property
    def slot(self) -> None:
        return None


#: An entry with a slot replaces the one before it in the same slot: of a layer only the last word counts.
Entry: TypeAlias = Line | Layer | Step | Dropped | Moved

encode: Final = msgspec.json.Encoder().encode
_decoder: Final[msgspec.json.Decoder[Entry]] = msgspec.json.Decoder(Entry)


def decode(data: bytes | str) -> Entry:
    """Raises msgspec.DecodeError when `data` is no entry."""
    return _decoder.decode(data)


def text_size(entry: Entry) -> int:
    """Bytes that a line takes in the log as a text, with its end; other entries take none."""
    return len(entry.text.encode()) + 1 if isinstance(entry, Line) else 0


def line_count(entry: Entry) -> int:
    """How many lines of the log an entry is."""
    return entry.text.count("\n") + 1 if isinstance(entry, Line) else 0


def is_last(data: bytes) -> bool:
    """Does the encoded entry end its job's output?"""
    entry = decode(data) if b'"state"' in data else None
    return isinstance(entry, Moved) and entry.state.is_final
