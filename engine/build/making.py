"""Putting one build together, and building its stages."""

import asyncio
from collections.abc import AsyncIterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from engine.build.bases import Bases, Puller
from engine.build.build import Build
from engine.build.cache.mounts import CacheMounts
from engine.build.cache.steps import Hold, StepCache
from engine.build.dockerfile.instructions import Dockerfile, Instruction, Label
from engine.build.dockerfile.plan import Plan, plan
from engine.build.donors import Donor
from engine.build.filework import FileWork
from engine.build.layering import Layering
from engine.build.messages import Messages
from engine.build.preparing import prepare
from engine.build.request import BuildRequest
from engine.build.run.network import Places
from engine.build.run.step import Runner
from engine.build.squash import squashed
from engine.build.stage import StageBuild
from engine.build.state import State
from engine.container.files import Files
from engine.container.hostmounts import HostMounts
from engine.container.lifecycle import Parts
from engine.errors import EngineError
from engine.image import platform as platforms
from engine.image.service import Images


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What builds are made with, the same for all."""

    parts: Parts
    images: Images
    puller: Puller
    files: Files
    host_mounts: HostMounts
    cache: StepCache
    caches: CacheMounts


@dataclass(frozen=True, kw_only=True)
class Making:
    """One build. `held` is left when all of it is over, and `hold` keeps the cache from being pruned under it."""

    tools: Tools
    request: BuildRequest
    messages: Messages
    files: FileWork
    hold: Hold
    held: AsyncExitStack

    async def run(self, body: AsyncIterable[bytes]) -> State:
        """Build the target of the context's Dockerfile; its last state."""
        scratch = await self.held.enter_async_context(self.tools.images.blobs.scratch())
        dockerfile = await prepare(self.request, body, self.files, scratch)
        planned = plan(dockerfile, self.request.target, self.request.args, platform=str(platforms.host()))
        if planned.unused_args:
            names = " ".join(planned.unused_args)
            await self.messages.say(f"[Warning] One or more build-args [{names}] were not consumed\n")
        for advice in dockerfile.warnings:
            await self.messages.say(f"[Warning] {advice.rule}: {advice.message} (line {advice.position.first})\n")
        build = await self._build(dockerfile, planned, scratch)
        state = await self._stages(build)
        return await squashed(build, state) if self.request.squash else state

    async def _stages(self, build: Build) -> State:
        """All stages that the target needs, side by side; each waits by itself for what it needs of another."""
        stages, labels = build.plan.stages, self._labels(build)
        total = sum(1 + len(stage.instructions) for stage in stages) + len(labels)
        number = 1
        async with asyncio.TaskGroup() as group:
            for stage in stages:
                more = labels if stage is build.plan.target else ()
                steps = StageBuild(build, stage, number, total, more)
                build.stages[stage.index] = group.create_task(steps.run(), name=f"stage {stage.name}")
                number += 1 + len(stage.instructions)
        return build.stages[build.plan.target.index].result()

    def _labels(self, build: Build) -> tuple[Instruction, ...]:
        """The request's labels: one more instruction, as the classic builder has it."""
        if not self.request.labels:
            return ()
        pairs = tuple(sorted(self.request.labels.items()))
        text = " ".join(f'"{name}"="{value}"' for name, value in pairs)
        return (Label(position=build.plan.target.stage.base.position, original=f"LABEL {text}", pairs=pairs),)

    async def _build(self, dockerfile: Dockerfile, planned: Plan, scratch: Path) -> Build:
        tools, parts = self.tools, self.tools.parts
        layering = Layering(
            graph=parts.graph, images=tools.images, files=self.files, held=self.held, latest=self.request.epoch
        )
        places = Places(parts.networks, tools.files, self.request.network)
        self.held.push_async_callback(places.close)
        bases = Bases(images=tools.images, puller=tools.puller, request=self.request, messages=self.messages)
        return Build(
            request=self.request,
            dockerfile=dockerfile,
            plan=planned,
            graph=parts.graph,
            files=self.files,
            bases=bases,
            layering=layering,
            runner=Runner(
                config=parts.config, graph=parts.graph, execution=parts.execution, files=tools.files,
                places=places, limits=self.request.limits,
            ),
            cache=tools.cache,
            hold=self.hold,
            caches=tools.caches,
            host_mounts=tools.host_mounts,
            messages=self.messages,
            donors=await self._donors(bases, layering),
            scratch=scratch,
        )  # fmt: skip

    async def _donors(self, bases: Bases, layering: Layering) -> tuple[Donor, ...]:
        """The images of `--cache-from`, from their registries where they are not here. One that can't be had is none:
        the first build of a branch finds no image of it."""
        donors = []
        for name in self.request.cache_from:
            try:
                state = await bases.find(name)
            except EngineError as error:
                await self.messages.say(f"[Warning] {name} is not used as a cache: {error.message}\n")
                continue
            await layering.hold(*state.layers)
            donors.append(Donor(state))
        return tuple(donors)
