"""Volumes: folders that outlive the containers which use them.

A volume's files are in `home/volumes/<name>/_data`; its record says the rest. The record is written before the folder
is made, and a folder is moved to `.trash` before its record is deleted: so a record without a folder is a volume that
was just being made or removed when the engine was killed, and no folder is ever deleted for want of a record.
"""

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from engine import tasks
from engine.config import Config
from engine.errors import Conflict, EngineError, InvalidParameter, NotFound, NotSupported
from engine.events import EventBus
from engine.ids import random_id
from engine.linux.trees import remove_tree, tree_size
from engine.store import Database, Records
from engine.volume.filters import Filters, prunable, select
from engine.volume.record import ANONYMOUS_LABEL, Volume, VolumeRecord, check_name

_LOCAL_OPTIONS: Final = frozenset({"type", "device", "o", "size"})


class Volumes:
    """All volumes of this engine. `restore` comes first, once."""

    def __init__(self, config: Config, database: Database, events: EventBus) -> None:
        self._root = config.home / "volumes"
        self._trash = self._root / ".trash"
        self._events = events
        self._records = Records(database, "volume", VolumeRecord)
        self._volumes: dict[str, VolumeRecord] = {}
        self._users: dict[str, set[str]] = {}
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def restore(self, uses: Mapping[str, Iterable[str]]) -> None:
        """Read the records, take up who uses what (`uses`: each container's ID → its volumes), finish what was cut.

        Gone afterwards: half-made and half-removed volumes, and anonymous ones whose container never came to be.
        """
        self._trash.mkdir(parents=True, exist_ok=True)
        self._root.chmod(0o700)  # what containers keep is not for the host's users to look at
        for container_id, names in uses.items():
            for name in names:
                self._users.setdefault(name, set()).add(container_id)
        for name, record in self._records.load().items():
            await self._take_up(name, record, uses)
        await asyncio.to_thread(self._empty_trash)

    async def close(self) -> None:
        """Stop deleting what is in the trash; the next `restore` goes on with it."""
        await tasks.cancel_all(self._tasks)

    async def create(
        self,
        name: str | None = None,
        *,
        driver: str = "local",
        options: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Volume:
        """Make a volume, or return the one that has the name already. Without a name it gets 64 hexadecimal digits.

        Raises InvalidParameter for a bad name or option, NotFound for another driver than `local`, NotSupported for
        the local driver's mount options.
        """
        _check_driver(name or "", driver, options or {})
        async with self._changing:
            return await self._provide(name, labels, maker="")

    def get(self, name: str) -> Volume:
        """Raises NotFound in Docker's words."""
        if (record := self._volumes.get(name)) is None:
            raise NotFound(f"get {name}: no such volume")
        return Volume(record, self._mountpoint(name))

    def list(self, filters: Filters | None = None) -> tuple[Volume, ...]:
        """The volumes that the filters (dangling, driver, label, name) ask for, by name."""
        chosen = select(self._volumes.values(), filters or {}, self._users)
        return tuple(self.get(record.name) for record in chosen)

    async def remove(self, name: str, *, force: bool = False) -> None:
        """Delete a volume and its files. Raises Conflict while a container has it, NotFound unless `force`."""
        async with self._changing:
            if name not in self._volumes and force:
                return
            self.get(name)
            if users := self._users.get(name):
                raise Conflict(f"remove {name}: volume is in use - [{', '.join(sorted(users))}]")
            await self._discard(name)

    async def prune(self, filters: Filters | None = None) -> dict[str, Any]:
        """Delete what no container has (filters: all, label, label!); Docker's answer, the space in bytes."""
        deleted: list[str] = []
        reclaimed = 0
        async with self._changing:
            for record in prunable(self._volumes.values(), filters or {}, self._users):
                reclaimed += await asyncio.to_thread(tree_size, self._mountpoint(record.name))
                await self._discard(record.name)
                deleted.append(record.name)
        self._events.publish("volume", "prune", "", {"reclaimed": str(reclaimed)})
        return {"VolumesDeleted": deleted, "SpaceReclaimed": reclaimed}

    async def provide(self, name: str | None, labels: Mapping[str, str], container_id: str) -> tuple[str, Path]:
        """For a container that is being made: the volume, made where it is not there, and the container its user."""
        async with self._changing:
            volume = await self._provide(name, labels, maker=container_id)
            self._users.setdefault(volume.name, set()).add(container_id)
        return volume.name, volume.mountpoint

    def is_fresh(self, name: str) -> bool:
        """May an image's content still be copied into the volume? Only before it is first used, and when empty."""
        record = self._volumes.get(name)
        return record is not None and record.fresh and not any(self._mountpoint(name).iterdir())

    async def mark_populated(self, name: str) -> None:
        """The volume has been given what it begins with; durable when this returns."""
        async with self._changing:
            if (record := self._volumes.get(name)) is not None and record.fresh:
                await self._save(msgspec.structs.replace(record, fresh=False))

    async def release_all(self, container_id: str, *, anonymous: bool) -> None:
        """The container is gone (or never came to be) and uses nothing any more; idempotent.

        With `anonymous` the nameless volumes that were made for it go too, unless another container has them.
        """
        async with self._changing:
            for name in [name for name, users in self._users.items() if container_id in users]:
                self._release(name, container_id)
            for record in [one for one in self._volumes.values() if one.maker == container_id]:
                if anonymous and record.is_anonymous and record.name not in self._users:
                    await self._discard(record.name)
                else:
                    await self._save(msgspec.structs.replace(record, maker=""))

    def mounted(self, name: str, container_id: str, *, destination: str, read_only: bool) -> None:
        """Tell that a container has mounted the volume at `destination` (Docker's `mount` event)."""
        details = {"container": container_id, "destination": destination, "propagation": ""}
        self._publish("mount", name, {**details, "read/write": str(not read_only).lower()})

    def unmounted(self, name: str, container_id: str) -> None:
        """Tell that the container's mount is gone (`unmount`)."""
        self._publish("unmount", name, {"container": container_id})

    async def _take_up(self, name: str, record: VolumeRecord, uses: Mapping[str, Iterable[str]]) -> None:
        mountpoint = self._mountpoint(name)
        if not mountpoint.exists() and name not in self._users:
            await self._records.delete(name)
            return
        mountpoint.mkdir(parents=True, exist_ok=True)
        self._volumes[name] = record
        if record.maker and record.maker not in uses:
            await self.release_all(record.maker, anonymous=True)

    async def _provide(self, name: str | None, labels: Mapping[str, str] | None, *, maker: str) -> Volume:
        if name and name in self._volumes:
            return self.get(name)
        if name:
            check_name(name)
        else:
            name, labels = random_id(), {**(labels or {}), ANONYMOUS_LABEL: ""}
        kept = dict(labels) if labels else None
        await self._save(VolumeRecord(name=name, created=time.time_ns(), labels=kept, maker=maker))
        await self._make_folder(name)
        self._publish("create", name)
        return self.get(name)

    async def _make_folder(self, name: str) -> None:
        try:
            self._mountpoint(name).mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            await self._records.delete(name)
            del self._volumes[name]
            raise EngineError(f"create {name}: error while creating volume path: {error}") from error

    async def _save(self, record: VolumeRecord) -> None:
        await self._records.put(record.name, record)
        self._volumes[record.name] = record

    async def _discard(self, name: str) -> None:
        """Out of sight at once, whatever its size; the files are deleted behind the request's back."""
        trashed = self._trash / random_id()
        if self._folder(name).exists():
            self._folder(name).rename(trashed)
        await self._records.delete(name)
        del self._volumes[name]
        self._publish("destroy", name)
        tasks.spawn(asyncio.to_thread(remove_tree, trashed), name=f"delete volume {name}", owner=self._tasks)

    def _release(self, name: str, container_id: str) -> None:
        users = self._users[name]
        users.discard(container_id)
        if not users:
            del self._users[name]

    def _empty_trash(self) -> None:
        for folder in list(os.scandir(self._trash)):
            remove_tree(Path(folder.path))

    def _publish(self, action: str, name: str, attributes: Mapping[str, str] | None = None) -> None:
        self._events.publish("volume", action, name, {"driver": "local", **(attributes or {})})

    def _folder(self, name: str) -> Path:
        return self._root / name

    def _mountpoint(self, name: str) -> Path:
        return self._folder(name) / "_data"


def _check_driver(name: str, driver: str, options: Mapping[str, str]) -> None:
    if driver not in {"", "local"}:
        raise NotFound(f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found')
    for option in options:
        if option not in _LOCAL_OPTIONS:
            raise InvalidParameter(f'create {name}: invalid option: "{option}"')
        raise NotSupported(
            f'create {name}: option "{option}" is not supported: a local volume is always a plain folder'
        )
