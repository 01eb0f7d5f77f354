"""One build: what all of its stages share, and what one has of another."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine.build.bases import Bases
from engine.build.cache.mounts import CacheMounts
from engine.build.cache.steps import Hold, StepCache
from engine.build.dockerfile.instructions import Dockerfile
from engine.build.dockerfile.plan import ContextOrigin, ImageOrigin, Origin, Plan, Scratch, StageOrigin
from engine.build.donors import Donor
from engine.build.filework import Destination, FileWork, Sources
from engine.build.layering import Layering
from engine.build.messages import Messages
from engine.build.request import BuildRequest
from engine.build.run.step import Runner
from engine.build.state import State, scratch
from engine.container.hostmounts import HostMounts
from engine.errors import NotFound
from engine.graphdriver.driver import GraphDriver


@dataclass(frozen=True, kw_only=True)
class Build:
    """Made once the Dockerfile is read. `stages` are the stages' states to be, `scratch` a folder that goes with it."""

    request: BuildRequest
    dockerfile: Dockerfile
    plan: Plan
    graph: GraphDriver
    files: FileWork
    bases: Bases
    layering: Layering
    runner: Runner
    cache: StepCache
    hold: Hold
    caches: CacheMounts
    host_mounts: HostMounts
    messages: Messages
    donors: tuple[Donor, ...] = ()
    stages: "dict[int, asyncio.Task[State]]" = field(default_factory=dict)
    scratch: Path = Path()
    #: Steps that are done at the same time; more than there are CPUs would only wait for each other.
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(max(2, os.cpu_count() or 1)))

    async def state(self, origin: Origin) -> State:
        """The state that the origin stands for: a stage's, once it has been built, or an image's."""
        match origin:
            case Scratch():
                return scratch()
            case StageOrigin(index=index):
                return await asyncio.shield(self.stages[index])
            case ImageOrigin(reference=reference, platform=platform):
                state = await self.bases.find(reference, platform)
                await self.layering.hold(*state.layers)
                return state
            case ContextOrigin(name=name):
                raise NotFound(f"the build has no context called {name}")

    @asynccontextmanager
    async def root(self, state: State) -> AsyncIterator[Path]:
        """The files of a state, in a folder; what is written there is thrown away."""
        workspace = await self.graph.open_workspace(state.chain)
        try:
            yield workspace.root
        finally:
            await asyncio.shield(self.graph.close_workspace(workspace))

    @asynccontextmanager
    async def context_folder(self) -> AsyncIterator[Path]:
        """All of the context, as a folder of one's own: for what is mounted."""
        workspace = await self.graph.open_workspace(())
        try:
            await self.files.copy(Sources(words=(".",)), workspace.root, Destination(path="/"))
            yield workspace.root
        finally:
            await asyncio.shield(self.graph.close_workspace(workspace))

    async def copy_into(self, root: Path, path: str, folder: Path) -> None:
        """What is below `path` of the root, with its owners, into an empty folder."""
        await self.files.copy(Sources(words=(path,), root=root), folder, Destination(path="/", owner=None))

    def new_folder(self) -> Path:
        """An empty folder, gone with the build."""
        folder = self.scratch / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        return folder
