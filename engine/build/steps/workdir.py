"""WORKDIR: the folder is made if it is not there."""

import asyncio
from dataclasses import dataclass

from msgspec.structs import replace

from engine.build import metadata
from engine.build.build import Build
from engine.build.dockerfile.instructions import Workdir
from engine.build.state import Layer, State
from engine.build.steps.deed import Deed
from engine.container import rootfs


@dataclass(frozen=True)
class _Making:
    build: Build
    state: State
    path: str

    async def do(self) -> Layer | None:
        workspace = await self.build.graph.open_workspace(self.state.chain)
        try:
            await asyncio.to_thread(rootfs.make_directory, workspace.root, self.path)
            return await self.build.layering.commit(workspace, self.state.top)
        finally:
            await asyncio.shield(self.build.graph.close_workspace(workspace))


def deed(build: Build, state: State, step: Workdir) -> Deed:
    path = metadata.working_dir(state.config, step.path)
    return Deed(
        created_by=metadata.created_by(state.config, f"WORKDIR {path}", spaces=1),
        config=replace(state.config, working_dir=path),
        do=_Making(build, state, path).do,
    )
