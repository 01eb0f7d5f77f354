"""Archives: reading and writing the files of containers and volumes, as tar streams."""

import os
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from engine.container.archive import child, view
from engine.container.archive.child import PathMissing
from engine.container.archive.nursery import Nursery
from engine.container.archive.view import View
from engine.container.archive.worker.listing import MOST
from engine.container.container import Container
from engine.container.lifecycle import Parts
from engine.container.service import Containers
from engine.container.state import Status
from engine.errors import Conflict, EngineError, NotFound
from engine.linux.processes import open_born


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where files are: what people call it, how a worker gets there, and what is told when files went out or in.

    `user` is whom extracted files belong to on request, as a container's configuration writes it.
    """

    name: str
    view: Callable[[], AbstractAsyncContextManager[View]]
    tell: Callable[[str], None] = lambda _: None
    user: str = ""


@dataclass(frozen=True)
class Reading:
    """What stands at the path (Docker's ContainerPathStat), and the tar of it."""

    stat: Mapping[str, Any]
    pieces: AsyncIterator[bytes]


@dataclass(frozen=True)
class Listing:
    """What is in the folder at `path`: an object of JSON each, by name; `truncated` when it has more than is told."""

    path: str
    entries: Sequence[Mapping[str, Any]]
    truncated: bool


class Archives:
    """Files in and out. Every path is the container's: absolute in it, whether or not it begins with a slash."""

    def __init__(self, parts: Parts, containers: Containers) -> None:
        self._parts = parts
        self._containers = containers
        self._nursery = Nursery()

    def close(self) -> None:
        self._nursery.close()

    def container(self, ref: str) -> Place:
        """Raises NotFound, Conflict for one that is being removed."""
        container = self._containers.find(ref)
        if container.status in {Status.REMOVING, Status.DEAD}:
            raise Conflict(f"container {container.id} is marked for removal: its files can't be reached any more")
        return Place(
            name=f"container {ref}",
            view=lambda: self._container_view(container),
            tell=lambda action: self._parts.events.publish("container", action, container.id, container.attributes()),
            user=container.record.config.user,
        )

    def volume(self, name: str) -> Place:
        """Raises NotFound."""
        root = str(self._parts.volumes.get(name).mountpoint)
        return Place(name=f"volume {name}", view=lambda: _given(View(root=root)))

    async def stat(self, place: Place, path: str) -> Mapping[str, Any]:
        """What stands at the path. Raises NotFound in Docker's words."""
        async with place.view() as seen, child.started(self._nursery, seen, action="stat", path=path) as worker:
            with _in(place, path):
                return await worker.answer()

    async def list(self, place: Place, path: str) -> Listing:
        """What is in the folder at the path. Raises NotFound, InvalidParameter for what is no folder."""
        async with place.view() as seen, child.started(self._nursery, seen, action="list", path=path) as worker:
            with _in(place, path):
                folder = await worker.answer()
            entries: list[dict[str, Any]] = []
            async for entry in worker.lines():
                if len(entries) == MOST:
                    raise EngineError("the process that lists a folder told of more than it may")  # it was taken over
                entries.append(entry)
        return Listing(folder["path"], entries, folder["truncated"])

    @asynccontextmanager
    async def read(self, place: Place, path: str) -> AsyncIterator[Reading]:
        """The file or folder at the path. Raises NotFound; the pieces raise EngineError when they can't go on."""
        async with place.view() as seen, child.started(self._nursery, seen, action="read", path=path) as worker:
            with _in(place, path):
                stat = await worker.answer()
            place.tell("archive-path")
            yield Reading(stat, worker.pieces())

    async def write(
        self, place: Place, path: str, pieces: AsyncIterable[bytes], *, keep_kinds: bool, to_user: bool
    ) -> None:
        """Extract the tar (plain, gzip or zstd) into the folder at the path.

        With `to_user` the files belong to the container's user, and else to whom the tar says. `keep_kinds` refuses
        to replace a folder by something else or the other way round. Raises NotFound, InvalidParameter (no folder, a
        malformed tar), Forbidden (mounted read-only), EngineError (no space); what was extracted until then stays.
        """
        order = {"action": "write", "path": path, "keep_kinds": keep_kinds, "as_user": place.user if to_user else ""}
        async with place.view() as seen, child.started(self._nursery, seen, **order) as worker:
            with _in(place, path):
                await worker.answer()
            await worker.feed(pieces)
            await worker.answer()
        place.tell("extract-to-dir")

    @asynccontextmanager
    async def _container_view(self, container: Container) -> AsyncIterator[View]:
        async with self._containers.roots.held(container):
            pidfd = _process(container)
            if pidfd is None:
                async with container.lock:  # not between two steps of a start or an end
                    pidfd = _process(container)
                    root = await self._parts.graph.mount(container.id)
            if pidfd is None:
                yield view.stopped(container.record, root, self._containers.files.folder(container.id))
                return
            try:
                yield View(pidfd=pidfd)
            finally:
                os.close(pidfd)


class _in:  # noqa: N801 - read as a word
    """A missing path becomes NotFound of the place."""

    def __init__(self, place: Place, path: str) -> None:
        self._message = f"Could not find the file {path} in {place.name}"

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, PathMissing):
            raise NotFound(self._message) from None


def _process(container: Container) -> int | None:
    """A pidfd of the container's first process; None when there is none, by its record or by now."""
    state = container.record.state
    return open_born(state.pid, state.birth) if state.status.has_process else None


@asynccontextmanager
async def _given(seen: View) -> AsyncIterator[View]:
    yield seen
