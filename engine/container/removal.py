"""Taking containers away: by hand, by `prune`, and after the run of one that was made to be removed."""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from typing import Any

from engine.container.container import Container
from engine.container.control import Control
from engine.container.index import Index
from engine.container.lifecycle import Lifecycle, Parts, collect
from engine.container.logs.archive import LogArchive
from engine.container.logs.archived import ArchivedLog
from engine.container.logs.policy import details_of
from engine.container.record import Record
from engine.container.state import Status, move
from engine.errors import Conflict, NotFound


class Removal:
    """Removes containers, and all that is theirs."""

    def __init__(
        self,
        parts: Parts,
        index: Index,
        lifecycle: Lifecycle,
        control: Control,
        log_archive: LogArchive,
    ) -> None:
        self._parts = parts
        self._index = index
        self._lifecycle = lifecycle
        self._files = lifecycle.files
        self._control = control
        self._log_archive = log_archive

    async def remove(self, container: Container, *, force: bool = False, volumes: bool = False) -> None:
        """Remove it, with `volumes` also its anonymous volumes. Raises Conflict when it runs and not `force`."""
        if container.status is Status.REMOVING and not force:
            raise Conflict(f"removal of container {container.name} is already in progress")
        while not await self._removed(container, force=force, volumes=volumes):
            pass  # started again, by its user or its policy, between its end and now

    async def prune(self, candidates: Iterable[Container]) -> dict[str, Any]:
        """Remove those of `candidates` that have stopped; returns Docker's report."""
        removed, reclaimed = [], 0
        for container in candidates:
            if container.status in {Status.CREATED, Status.EXITED, Status.DEAD}:
                size = await self._parts.graph.usage(container.id)
                with contextlib.suppress(Conflict, NotFound):
                    await self.remove(container)
                    removed.append(container.id)
                    reclaimed += size
        self._parts.events.publish("container", "prune", "", {"reclaimed": str(reclaimed)})
        return {"ContainersDeleted": removed, "SpaceReclaimed": reclaimed}

    async def after_end(self, container: Container) -> None:
        """A run is over: a container that asked to be removed then is."""
        if container.record.host_config.auto_remove and not container.is_being_restarted:
            async with container.lock:
                with contextlib.suppress(ExceptionGroup):  # logged by `collect`; the record is left as dead
                    await self.finish(container, volumes=True)

    async def finish(self, container: Container, *, volumes: bool) -> None:
        """With the lock held. What fails leaves a dead container, which can be removed again."""
        state, parts = container.record.state, self._parts
        if self._index.lost(container) or state.status.is_up:
            return  # somebody else was faster: it is gone, or has been started again
        if state.status is not Status.REMOVING:
            state.status = move(container.id, state.status, Status.REMOVING)
            with contextlib.suppress(OSError):  # a full disk must not stand against what frees it
                await self._lifecycle.save(container)
        await container.hub.end()  # before its log goes: clients that are behind still read it
        try:
            await collect(
                f"removing container {container.id}",
                self._lifecycle.cleanup(container) if self._files.bundle(container.id).exists() else _nothing(),
                parts.graph.remove(container.id),
                parts.volumes.release_all(container.id, anonymous=volumes),
                self._put_away(container.record),
            )
            await self._lifecycle.ledger.forget(container)
        except (ExceptionGroup, OSError):
            state.status = move(container.id, state.status, Status.DEAD)
            await self._lifecycle.ledger.save_surely(container)
            raise
        self._index.remove(container)
        parts.events.publish("container", "destroy", container.id, container.attributes())
        container.tell_removed()

    async def _put_away(self, record: Record) -> None:
        """The log to the archive, the other files to nowhere."""
        await self._log_archive.keep(_note(record), self._files.folder(record.id))
        await asyncio.to_thread(self._files.remove, record.id)

    async def _removed(self, container: Container, *, force: bool, volumes: bool) -> bool:
        """One attempt at removing it; False when it lives again by the time that it could have been removed."""
        if container.status.is_up and not force:
            raise Conflict(
                f'cannot remove container "{container.name}": container is {container.status.value}: '
                f"{'unpause and ' if container.status is Status.PAUSED else ''}"
                "stop the container before removing or force remove"
            )
        if container.status.is_up:
            with contextlib.suppress(Conflict):  # it has ended by itself meanwhile
                await self._control.kill(container)
        async with container.lock:
            if container.status.is_up:
                return False
            if self._index.lost(container) and not force:
                raise NotFound(f"No such container: {container.id}")  # another client was faster
            await asyncio.shield(self.finish(container, volumes=volumes))
        return True


def _note(record: Record) -> ArchivedLog:
    state, config = record.state, record.config
    return ArchivedLog(
        id=record.id,
        name=record.name,
        image=record.image_name,
        image_id=record.image_id,
        created=record.created,
        started=state.started,
        finished=state.finished,
        removed=time.time_ns(),
        exit_code=state.exit_code,
        tty=config.tty,
        labels=config.labels or {},
        details=details_of(config, record.host_config.log_config),
    )


async def _nothing() -> None:
    return None
