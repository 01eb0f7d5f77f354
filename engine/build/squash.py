"""`--squash`: what a build has added to its base becomes one layer."""

import asyncio
import os
from dataclasses import replace
from datetime import UTC, datetime

from msgspec.structs import replace as struct_replace

from engine.build.build import Build
from engine.build.state import Layer, State
from engine.image.config import Step


async def squashed(build: Build, state: State) -> State:
    """The same files, config and history; a last line of the history says what was merged, as in Docker."""
    base = await build.state(build.plan.target.base)
    own = state.layers[len(base.layers) :]
    if len(own) < 2:
        return state
    layer = await _merged(build, base, own)
    lines = [struct_replace(line, empty_layer=True) for line in state.history[len(base.history) :]]
    comment = f"merge {state.id} to {base.id}" if base.layers else f"create new from {state.id}"
    created = state.history[-1].created or datetime.now(UTC).isoformat().replace("+00:00", "Z")
    last = Step(created=created, comment=comment, empty_layer=layer is None)
    layers = (*base.layers, layer) if layer else base.layers
    return replace(state, layers=layers, history=(*base.history, *lines, last))


async def _merged(build: Build, base: State, own: tuple[Layer, ...]) -> Layer | None:
    """The layers' archives one after the other on the base: only what is left in the end is in the new layer."""
    workspace = await build.graph.open_workspace(base.chain)
    try:
        for layer in own:
            blob = os.open(build.layering.images.blobs.path(layer.blob.digest), os.O_RDONLY | os.O_CLOEXEC)
            try:
                await build.files.replay(workspace.root, blob)
            finally:
                os.close(blob)
        return await build.layering.commit(workspace, base.top)
    finally:
        await asyncio.shield(build.graph.close_workspace(workspace))
