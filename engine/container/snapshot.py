"""A container's files as they are at one moment: to make an image of, or to carry away."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import msgspec

from engine.container.container import Container
from engine.container.lifecycle import Parts
from engine.container.service import Containers
from engine.container.state import Status
from engine.errors import Conflict, InvalidParameter
from engine.image import changes as instructions
from engine.image.archive.compose import Credits, commit
from engine.image.archive.packing import pack_tree
from engine.image.config import RunConfig
from engine.image.reference import Reference
from engine.image.service import Images


class Snapshots:
    """Takes snapshots of containers that run, have stopped, or never ran."""

    def __init__(self, parts: Parts, containers: Containers, images: Images) -> None:
        self._parts = parts
        self._containers = containers
        self._images = images

    async def commit(
        self,
        ref: str,
        name: Reference | None,
        *,
        config: RunConfig | None,
        changes: list[str],
        credits_: Credits,
        pause: bool,
    ) -> str:
        """Make an image of what the container has written over its own image; returns its ID.

        `config` overrules the container's own, `changes` (Dockerfile instructions) both. With `pause` a running
        container stands still meanwhile. Raises NotFound, InvalidParameter, and Conflict for one that is being removed.
        """
        container = self._living(ref)
        run_config = instructions.apply(_merged(config, _own(container)), changes)
        record = container.record
        command = " ".join(record.config.cmd or ())
        still = self._still(container) if pause else contextlib.nullcontext()
        async with still, self._parts.graph.written(container.id) as written:
            made = await commit(
                self._images, written, record.image_id, run_config, credits_=credits_, created_by=command
            )
        if name is not None:
            await self._images.name(name, made)
        told = container.attributes(comment=credits_.comment, imageID=made, imageRef=str(name) if name else "")
        self._parts.events.publish("container", "commit", container.id, told)
        return made

    async def export(self, ref: str) -> AsyncGenerator[bytes, None]:
        """The container's whole file system, without what is mounted in it, as a tar in pieces."""
        container = self._living(ref)
        async with self._containers.roots.held(container):
            async with container.lock:
                root = await self._parts.graph.mount(container.id)
            self._parts.events.publish("container", "export", container.id, container.attributes())
            async with aclosing(pack_tree(root)) as pieces:
                async for piece in pieces:
                    yield piece

    def _living(self, ref: str) -> Container:
        container = self._containers.find(ref)
        if container.status in {Status.REMOVING, Status.DEAD}:
            raise Conflict(f"container {container.id} is marked for removal: its files can't be reached any more")
        return container

    @asynccontextmanager
    async def _still(self, container: Container) -> AsyncIterator[None]:
        """A running container is paused within the block; one that has ended, or was paused before, is left alone."""
        if container.status is not Status.RUNNING:
            yield
            return
        with contextlib.suppress(Conflict):
            await self._containers.pause(container.id)
        try:
            yield
        finally:
            with contextlib.suppress(Conflict):
                await self._containers.unpause(container.id)


def read_config(body: dict[str, Any]) -> RunConfig | None:
    """The config in a commit's body; None where there is none. Raises InvalidParameter."""
    try:
        return msgspec.convert(body, RunConfig) if body else None
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"invalid JSON: {error}") from error


def _own(container: Container) -> RunConfig:
    """What of the container's config an image can say."""
    return msgspec.convert(msgspec.to_builtins(container.record.config), RunConfig)


def _merged(wanted: RunConfig | None, own: RunConfig) -> RunConfig:
    """Docker's merge: what `wanted` does not say is the container's, and so are variables and labels of other names."""
    if wanted is None:
        return own
    said = {
        name: value for name in wanted.__struct_fields__ if (value := getattr(wanted, name)) not in (None, "", [], {})
    }
    if wanted.entrypoint and not wanted.cmd:
        said["cmd"] = None
    merged = msgspec.structs.replace(own, **said)
    return msgspec.structs.replace(
        merged,
        env=_environment(wanted.env or [], own.env or []),
        labels={**(own.labels or {}), **(wanted.labels or {})} or None,
        exposed_ports={**(own.exposed_ports or {}), **(wanted.exposed_ports or {})} or None,
        volumes={**(own.volumes or {}), **(wanted.volumes or {})} or None,
    )


def _environment(wanted: list[str], own: list[str]) -> list[str] | None:
    names = {entry.partition("=")[0] for entry in wanted}
    return [*wanted, *(entry for entry in own if entry.partition("=")[0] not in names)] or None
