"""What of a Dockerfile has to be built for a target, and what each stage builds on."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

from engine.build.dockerfile.expansion import expand_instruction
from engine.build.dockerfile.instructions import Arg, Copy, Dockerfile, From, Instruction, Onbuild, Run, Stage
from engine.build.dockerfile.origins import ContextOrigin, ImageOrigin, Names, Origin, Origins, Scratch, StageOrigin
from engine.build.dockerfile.parse import parse_triggers
from engine.build.dockerfile.scope import PROXIES, Scope, head_args, platform_args

__all__ = ["ContextOrigin", "ImageOrigin", "Origin", "Plan", "PlannedStage", "Scratch", "StageOrigin", "plan"]


@dataclass(frozen=True)
class PlannedStage:
    """A stage with its FROM expanded.

    `origins`: what each `COPY --from` and `RUN --mount=from` names, as written, in the stage and in the triggers of
    what it builds on.
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
    names = Names(dockerfile.stages, frozenset(contexts))
    planned = [_planned(stage, head, escape, names) for stage in dockerfile.stages]
    order = _order(planned, names.target(target))
    ranks = {index: rank for rank, index in enumerate(order)}
    stages = tuple(_with_late_names(planned[index], names, ranks) for index in order)
    return Plan(stages, head, given, escape, _unused(dockerfile, given, head))


def _planned(stage: Stage, head: Mapping[str, str], escape: str, names: Names) -> PlannedStage:
    base = expand_instruction(stage.base, head, escape)
    origin = names.base(base, stage.index)
    steps = (*_triggered(base, origin, names.stages), *stage.instructions)
    origins = {name: names.source(name, stage.index, step) for step in steps for name in _sources(step)}
    return PlannedStage(replace(stage, base=base), origin, origins)


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


def _with_late_names(stage: PlannedStage, names: Names, ranks: Mapping[int, int]) -> PlannedStage:
    return replace(stage, origins=Origins(stage.origins, names, stage.stage.base, stage.index, ranks))


def _order(planned: list[PlannedStage], target: int) -> list[int]:
    """The numbers of the stages that `target` reaches, in an order that can be built."""
    reached, waiting = {target}, [target]
    while waiting:
        fresh = planned[waiting.pop()].needs - reached
        reached |= fresh
        waiting += fresh
    graph = {index: sorted(planned[index].needs) for index in sorted(reached)}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        stage = planned[min(error.args[1])].stage
        raise stage.base.error(f"circular dependency detected on stage: {stage.name}") from error


def _unused(dockerfile: Dockerfile, given: Mapping[str, str], head: Mapping[str, str]) -> tuple[str, ...]:
    declared = {name for arg in dockerfile.meta_args for name, _ in arg.pairs}
    for stage in dockerfile.stages:
        declared.update(name for step in stage.instructions if isinstance(step, Arg) for name, _ in step.pairs)
    return tuple(sorted(given.keys() - declared - head.keys() - PROXIES - {"SOURCE_DATE_EPOCH"}))
