"""What of a Dockerfile has to be built for a target, and what each stage builds on."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Final

from engine.build.dockerfile.errors import ParseError
from engine.build.dockerfile.expansion import expand_instruction
from engine.build.dockerfile.flags import suggestion
from engine.build.dockerfile.instructions import Arg, Copy, Dockerfile, From, Instruction, Onbuild, Run, Stage
from engine.build.dockerfile.parse import parse_triggers
from engine.build.dockerfile.scope import PROXIES, Scope, head_args, platform_args

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
class PlannedStage:
    """A stage with its FROM expanded, and with the ONBUILD triggers of the stage of this file that it builds on.

    `origins`: what each `COPY --from` and `RUN --mount=from` names, as written.
    """

    stage: Stage
    base: Origin
    origins: Mapping[str, Origin] = field(default_factory=dict)

    @property
    def index(self) -> int:
        return self.stage.index

    @property
    def name(self) -> str:
        return self.stage.name

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        return self.stage.instructions

    @property
    def needs(self) -> frozenset[int]:
        """The numbers of the stages that must be there before this one can end."""
        origins = (self.base, *self.origins.values())
        return frozenset(origin.index for origin in origins if isinstance(origin, StageOrigin))


@dataclass(frozen=True)
class Plan:
    """The stages that the target (the last of them) needs; each follows those that it needs itself.

    `unused_args` are the build args that no ARG of the file takes up: Docker's builders warn of them.
    """

    stages: tuple[PlannedStage, ...]
    head: Mapping[str, str]
    given: Mapping[str, str]
    escape: str
    unused_args: tuple[str, ...] = ()

    @property
    def target(self) -> PlannedStage:
        return self.stages[-1]

    def scope(self, env: Mapping[str, str]) -> Scope:
        """The variables at the head of a stage whose base has the environment `env`."""
        return Scope(env=dict(env), given=self.given, head=self.head, escape=self.escape)


def plan(
    dockerfile: Dockerfile,
    target: str = "",
    build_args: Mapping[str, str] | None = None,
    *,
    platform: str = "linux/amd64",
    contexts: Collection[str] = (),
) -> Plan:
    """Plan a build of the stage `target` (a name or a number; "" is the last).

    `platform` is the host's and the target's alike; `contexts` are the names of the request's contexts, which win over
    stages and images of the same name. Raises ParseError: an unknown target, stages that need each other, a FROM whose
    variables give nothing.
    """
    given = dict(build_args or {})
    escape = dockerfile.directives.escape
    head = head_args(dockerfile.meta_args, given, platform_args(platform, platform, target), escape)
    names = _Names(dockerfile.stages, frozenset(contexts))
    planned = [_planned(stage, head, escape, names) for stage in dockerfile.stages]
    ordered = _needed(planned, names.target(target))
    return Plan(ordered, head, given, escape, _unused(dockerfile, given, head))


def _planned(stage: Stage, head: Mapping[str, str], escape: str, names: "_Names") -> PlannedStage:
    base = expand_instruction(stage.base, head, escape)
    origin = names.base(base, stage.index)
    steps = (*_triggered(base, origin, names.stages), *stage.instructions)
    origins = {name: names.source(name, stage.index, step) for step in steps for name in _sources(step)}
    return PlannedStage(Stage(stage.index, base, steps), origin, origins)


def _triggered(base: From, origin: Origin, stages: tuple[Stage, ...]) -> tuple[Instruction, ...]:
    """What an earlier stage's ONBUILDs have this one do. Those of images are known when the images are there."""
    if not isinstance(origin, StageOrigin):
        return ()
    triggers = [step.trigger for step in stages[origin.index].instructions if isinstance(step, Onbuild)]
    return parse_triggers(triggers, base)


def _sources(step: Instruction) -> Iterator[str]:
    match step:
        case Copy(from_=name) if name:
            yield name
        case Run(mounts=mounts):
            yield from (mount.from_ for mount in mounts if mount.from_)


@dataclass(frozen=True)
class _Names:
    """What names mean. A name given twice means the nearest stage above, as a reader takes it."""

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


def _needed(planned: list[PlannedStage], target: int) -> tuple[PlannedStage, ...]:
    """The stages that `target` reaches, in an order that can be built."""
    reached, waiting = {target}, [target]
    while waiting:
        fresh = planned[waiting.pop()].needs - reached
        reached |= fresh
        waiting += fresh
    graph = {index: sorted(planned[index].needs) for index in sorted(reached)}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        stage = planned[min(error.args[1])].stage
        raise stage.base.error(f"circular dependency detected on stage: {stage.name}") from error
    return tuple(planned[index] for index in order)


def _unused(dockerfile: Dockerfile, given: Mapping[str, str], head: Mapping[str, str]) -> tuple[str, ...]:
    declared = {name for arg in dockerfile.meta_args for name, _ in arg.pairs}
    for stage in dockerfile.stages:
        declared.update(name for step in stage.instructions if isinstance(step, Arg) for name, _ in step.pairs)
    return tuple(sorted(given.keys() - declared - head.keys() - PROXIES - {"SOURCE_DATE_EPOCH"}))
