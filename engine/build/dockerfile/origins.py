"""What the names in a Dockerfile stand for: stages, images, contexts of the request."""

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.build.dockerfile.errors import ParseError
from engine.build.dockerfile.flags import suggestion
from engine.build.dockerfile.instructions import From, Instruction, Stage

_NUMBER: Final = re.compile(r"[0-9]+", re.ASCII)


@dataclass(frozen=True)
class Scratch:
    """No files at all."""


@dataclass(frozen=True)
class StageOrigin:
    """Another stage of the file, by its number."""

    index: int


@dataclass(frozen=True)
class ImageOrigin:
    """An image by reference; `platform` is what its FROM asks for, "" for the build's own."""

    reference: str
    platform: str = ""


@dataclass(frozen=True)
class ContextOrigin:
    """A named context of the build's request (`--build-context`)."""

    name: str


Origin = Scratch | StageOrigin | ImageOrigin | ContextOrigin


@dataclass(frozen=True)
class Names:
    """What names mean in a file. A name given twice means the nearest stage above, as a reader takes it."""

    stages: tuple[Stage, ...]
    contexts: frozenset[str]
    numbers: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for stage in self.stages:
            if stage.base.name:
                self.numbers.setdefault(stage.base.name, []).append(stage.index)

    def base(self, base: From, index: int) -> Origin:
        """A FROM's image: it knows only the stages above it, and those by name."""
        return self._outside(base.image, base.platform, self._above(base.image, index))

    def source(self, name: str, index: int, step: Instruction) -> Origin:
        """What `--from` names: a stage by name, above or below, one by number, or an image."""
        if _NUMBER.fullmatch(name):
            if len(name) > 6 or int(name) >= len(self.stages):
                raise step.error(f"invalid stage index {name[:20]}")
            return StageOrigin(int(name))
        below = self.numbers.get(name.lower(), [None])[0]
        above = self._above(name, index)
        return self._outside(name, "", below if above is None else above)

    def _above(self, name: str, index: int) -> int | None:
        numbers = self.numbers.get(name.lower(), [])
        place = bisect_left(numbers, index)
        return numbers[place - 1] if place else None

    def _outside(self, name: str, platform: str, stage: int | None) -> Origin:
        if name in self.contexts:
            return ContextOrigin(name)
        if stage is not None:
            return StageOrigin(stage)
        return Scratch() if name == "scratch" else ImageOrigin(name, platform)

    def target(self, name: str) -> int:
        if not name:
            return len(self.stages) - 1
        if name.lower() in self.numbers:
            return self.numbers[name.lower()][-1]
        if _NUMBER.fullmatch(name) and len(name) <= 6 and int(name) < len(self.stages):
            return int(name)
        raise ParseError(f'target stage "{name}" could not be found{suggestion(name, list(self.numbers))}')


class Origins(dict[str, Origin]):
    """What each `COPY --from` and `RUN --mount=from` of a stage stands for, by its text.

    A name that the stage itself does not use comes from a trigger of its base image, which is known only as the stage
    is built: it is looked up then. Raises ParseError where that is a stage that will not have been built by then.
    """

    def __init__(self, found: Mapping[str, Origin], names: Names, base: From, index: int, ranks: Mapping[int, int]):
        """`ranks`: the places of the planned stages in the order of building."""
        super().__init__(found)
        self._names, self._base, self._index, self._ranks = names, base, index, ranks

    def __missing__(self, name: str) -> Origin:
        origin = self._names.source(name, self._index, self._base)
        if isinstance(origin, StageOrigin) and self._ranks.get(origin.index, self._index) >= self._ranks[self._index]:
            raise self._base.error(f"a trigger of {self._base.image} copies from {name}, which is not built before")
        return origin
