"""Building one stage: step by step, each looked up in the cache or done."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from msgspec.structs import replace as struct_replace

from engine.build import metadata
from engine.build.build import Build
from engine.build.cache.records import StepRecord, key_of
from engine.build.dockerfile.expand import expand_words
from engine.build.dockerfile.expansion import expand_instruction
from engine.build.dockerfile.instructions import Add, Arg, Cmd, Copy, Env, Expose, Instruction, Run, Workdir
from engine.build.dockerfile.parse import parse_triggers
from engine.build.dockerfile.plan import PlannedStage, Scratch, StageOrigin
from engine.build.dockerfile.scope import Scope
from engine.build.donors import Donor
from engine.build.located import located
from engine.build.state import State
from engine.build.steps import run, transfer, workdir
from engine.build.steps.deed import Deed
from engine.image.config import Step


class StageBuild:
    """Builds `planned`, whose first step is the `number`th of `total`; `more` instructions follow the file's own."""

    def __init__(
        self, build: Build, planned: PlannedStage, number: int, total: int, more: Sequence[Instruction] = ()
    ) -> None:
        self._build = build
        self._planned = planned
        self._number = number
        self._total = total
        self._steps = (*planned.instructions, *more)
        self._has_command = False
        self._donors: list[Donor] = []

    async def run(self) -> State:
        """The stage's last state. Raises what a step fails with."""
        with located(self._planned.stage.base):
            await self._announce(self._planned.stage.base)
            state = await self._begin()
        scope = self._build.plan.scope(state.env)
        triggers = state.config.on_build or []
        state = replace(state, config=struct_replace(state.config, on_build=None))
        if triggers:
            plural = "" if len(triggers) == 1 else "s"
            await self._build.messages.say(f"# Executing {len(triggers)} build trigger{plural}\n")
        for step in parse_triggers(triggers, self._planned.stage.base):
            with located(step):
                state, scope = await self._take(state, scope, step)
        for step in self._steps:
            await self._announce(step)
            with located(step):
                state, scope = await self._take(state, scope, step)
        return state

    async def _begin(self) -> State:
        state = await self._build.state(self._planned.base)
        self._build.hold.add(state.key)
        self._donors = [begun for donor in self._build.donors if (begun := donor.started(state))]
        if not isinstance(self._planned.base, Scratch):
            is_stage = isinstance(self._planned.base, StageOrigin)
            await self._build.messages.result(state.id if is_stage else state.key)
        return state

    async def _announce(self, step: Instruction) -> None:
        await self._build.messages.step(self._number, self._total, step.original)
        self._number += 1

    async def _take(self, state: State, scope: Scope, step: Instruction) -> tuple[State, Scope]:
        """One instruction: what it means here, and then what it does."""
        expanded = expand_instruction(step, scope.variables, self._build.plan.escape)
        if isinstance(step, Arg):
            scope = scope.declare(step)
        elif isinstance(expanded, Env):
            scope = scope.set(expanded.pairs)
        deed = await self._deed(state, scope, step, expanded)
        self._has_command = self._has_command or isinstance(step, Cmd)
        state = await self._done(state, deed)
        await self._build.messages.result(state.id)
        return state, scope

    async def _deed(self, state: State, scope: Scope, step: Instruction, expanded: Instruction) -> Deed:
        origins = self._planned.origins
        match expanded:
            case Run():
                return await run.deed(self._build, state, scope, expanded, origins)
            case Add() | Copy():
                return await transfer.deed(self._build, state, expanded, origins)
            case Workdir():
                return workdir.deed(self._build, state, expanded)
            case _:
                return self._metadata(state, scope, step, expanded)

    def _metadata(self, state: State, scope: Scope, step: Instruction, expanded: Instruction) -> Deed:
        stand = metadata.Stand(
            args={name: scope.args.get(name) for name, _ in step.pairs} if isinstance(step, Arg) else {},
            ports=self._ports(step, scope) if isinstance(step, Expose) else (),
            has_command=self._has_command,
        )
        change = metadata.apply(state.config, expanded, stand)
        words = metadata.created_by(change.config, change.words)
        return Deed(created_by=words, config=change.config, author=change.author)

    def _ports(self, step: Expose, scope: Scope) -> list[str]:
        """As the Dockerfile has them, which is how the history shows them."""
        escape = self._build.plan.escape
        return sorted(word for port in step.ports for word in expand_words(port, scope.variables, escape))

    async def _done(self, state: State, deed: Deed) -> State:
        """The state after the step, from the cache where that has it."""
        build = self._build
        key = key_of("" if deed.is_independent else state.key, deed.created_by, build.request.epoch, *deed.key)
        build.hold.add(key)
        given = self._given(state, deed)
        record = (build.cache.get(key) if build.request.use_cache else None) or given
        if record is None:
            async with build.slots:
                layer = await deed.do()
            created = _now(build.request.epoch)
            record = StepRecord(parent=state.key, layer=layer, created=created, words=deed.created_by)
        else:
            await build.messages.say(" ---> Using cache\n")
            if record.layer:
                record = struct_replace(record, layer=await build.layering.placed(record.layer, state.top))
        build.cache.put(key, record)
        return _grown(state, key_of(state.key, key) if deed.is_independent else key, deed, record)

    def _given(self, state: State, deed: Deed) -> StepRecord | None:
        """The step as an image of `--cache-from` has it; those that go another way are of no more use."""
        found = [following for donor in self._donors if (following := donor.next(deed.created_by))]
        self._donors = [donor for _, _, donor in found]
        if not found or not self._build.request.use_cache or not deed.can_be_given:
            return None
        line, layer, _ = found[0]
        created = line.created or _now(self._build.request.epoch)
        return StepRecord(parent=state.key, layer=layer, created=created, words=deed.created_by)


def _grown(state: State, key: str, deed: Deed, record: StepRecord) -> State:
    author = state.author if deed.author is None else deed.author
    line = Step(created=record.created, created_by=deed.created_by, author=author, empty_layer=record.layer is None)
    return replace(
        state,
        key=key,
        config=deed.config,
        layers=(*state.layers, record.layer) if record.layer else state.layers,
        history=(*state.history, line),
        author=author,
    )


def _now(epoch: int | None) -> str:
    moment = datetime.fromtimestamp(time.time() if epoch is None else epoch, UTC)
    return moment.isoformat().replace("+00:00", "Z")
