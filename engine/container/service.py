"""Containers: the one door to everything that can be done with them."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog

from engine.config import Config
from engine.container import creation, logs, restart, stats
from engine.container.alteration import Alteration
from engine.container.checks import kernel
from engine.container.config import EndpointConfig
from engine.container.config.update import Update
from engine.container.container import Container, WaitCondition, WaitResult
from engine.container.control import Control, check_not_restarting, running_state
from engine.container.creation import CreateRequest
from engine.container.display import Display
from engine.container.files import Files
from engine.container.healthchecks import Prober
from engine.container.hostmounts import HostMounts
from engine.container.index import Index
from engine.container.lifecycle import Lifecycle, Parts, cgroup_path, collect
from engine.container.logs import LogOptions, journal
from engine.container.logs.archive import LogArchive, Retention
from engine.container.logs.files import LogFiles
from engine.container.logs.policy import JOURNAL, NO_DRIVER, details_of, policy_of
from engine.container.neighbours import Neighbours
from engine.container.processes import top
from engine.container.record import Record
from engine.container.removal import Removal
from engine.container.salvage import salvage
from engine.container.scaffold import STUBS
from engine.container.state import Status
from engine.container.stats import Sample
from engine.container.streams import Chunk, Session, Stream
from engine.errors import Conflict, InvalidParameter, NotModified, NotSupported
from engine.graphdriver.change import Change
from engine.ids import random_id, random_name
from engine.image.service import Images

log = structlog.get_logger(__name__)

_NAME_ATTEMPTS: Final = 20


@dataclass(frozen=True, kw_only=True)
class AttachOptions:
    """What a client wants of a container's streams: which, those to come (`stream`), those in the log (`logs`)."""

    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    stream: bool = False
    logs: bool = False


class Containers:
    """All containers of this engine. `restore` comes first, once."""

    def __init__(self, parts: Parts, images: Images) -> None:
        self._parts = parts
        self._images = images
        self._index = Index()
        self._host_mounts = HostMounts(parts.config.run / "mounts")
        self.files = Files(parts.config)
        self._neighbours = Neighbours(self._index.find, parts.networks, self._host_mounts, self.files)
        self._lifecycle = Lifecycle(parts, self._after_end, self._neighbours, self._host_mounts)
        self.roots = self._lifecycle.roots
        self._control = Control(parts, self._lifecycle)
        self._alteration = Alteration(parts, self._index, self._lifecycle)
        self.log_archive = LogArchive(self.files.log_archive, _retention(parts.config))
        self._removal = Removal(parts, self._index, self._lifecycle, self._control, self.log_archive)
        self._display = Display(parts, images, self._index, self.files, self._neighbours)

    async def create(self, request: CreateRequest) -> tuple[str, list[str]]:
        """Make a container; returns its ID and warnings.

        Raises InvalidParameter and NotSupported for what can't be honoured, NotFound for the image (in Docker's
        words, so that the CLI pulls), Conflict for a taken name.
        """
        creation.check(request)
        image = self._images.get(request.config.image)
        host = creation.with_runtime(request.host_config, self._parts.execution)
        host, warnings = kernel.adapt(host)
        request = dataclasses.replace(request, host_config=host)
        warnings += creation.check_platform(request.platform, image)
        identifier = random_id()
        name = self._reserve_name(request.name, identifier)
        try:
            record = creation.make_record(request, image, identifier, name)
            self._neighbours.settle(record)
            await self._make(record)
        except BaseException:
            self._index.release(name)
            raise
        container = self._hold(record)
        self._parts.events.publish("container", "create", identifier, container.attributes())
        return identifier, warnings

    def find(self, ref: str) -> Container:
        """By name, ID or unique prefix. Raises NotFound (`No such container: …`), InvalidParameter."""
        return self._index.find(ref)

    def __iter__(self) -> Iterator[Container]:
        return iter(self._index)

    async def summaries(
        self, *, all_: bool, limit: int, size: bool, filters: Mapping[str, Sequence[str]]
    ) -> list[dict[str, Any]]:
        """The rows of GET /containers/json, the newest first; `limit` (when above 0) counts stopped ones too."""
        return await self._display.summaries(all_=all_, limit=limit, size=size, filters=filters)

    async def inspect(self, ref: str, *, size: bool = False) -> dict[str, Any]:
        """The document of GET /containers/{id}/json."""
        return await self._display.inspect(self.find(ref), size=size)

    def is_tty(self, ref: str) -> bool:
        return self.find(ref).record.config.tty

    async def start(self, ref: str) -> None:
        """Raises NotModified when it runs already, and what a start can fail with (`Lifecycle.start`)."""
        container = self.find(ref)
        try:
            await asyncio.shield(self._start(container))
        except NotModified:
            raise
        except Exception:
            container.is_being_restarted = False
            await self._after_end(container)
            raise

    async def stop(self, ref: str, *, seconds: int | None = None, stop_signal: str | None = None) -> None:
        """Ask the process to end, kill it after `seconds` (below 0: never). Raises NotModified when stopped."""
        await self._control.stop(self.find(ref), seconds=seconds, stop_signal=stop_signal)

    async def restart(self, ref: str, *, seconds: int | None = None, stop_signal: str | None = None) -> None:
        container = self.find(ref)
        container.is_being_restarted = True  # so its end does not remove a container that was made to be removed
        try:
            with contextlib.suppress(NotModified):
                await self.stop(container.id, seconds=seconds, stop_signal=stop_signal)
            await self.start(container.id)
        finally:
            container.is_being_restarted = False
        self._parts.events.publish("container", "restart", container.id, container.attributes())

    async def kill(self, ref: str, signal_name: str = "SIGKILL") -> None:
        """Send a signal. Raises Conflict when there is no process, InvalidParameter for no signal."""
        await self._control.kill(self.find(ref), signal_name)

    async def pause(self, ref: str) -> None:
        """Freeze its processes. Raises Conflict when it does not run, or is frozen already."""
        await self._control.pause(self.find(ref))

    async def unpause(self, ref: str) -> None:
        """Raises Conflict when it is not frozen."""
        await self._control.unpause(self.find(ref))

    async def rename(self, ref: str, name: str) -> None:
        """Raises Conflict for a name in use, InvalidParameter for one that can't be."""
        await self._alteration.rename(self.find(ref), name)

    async def connect(self, ref: str, network: str, wishes: EndpointConfig) -> None:
        """Put a container, running or not, on one more network. Raises NotFound for either, Forbidden, Conflict."""
        await self._alteration.connect(self.find(ref), network, wishes)

    async def disconnect(self, ref: str, network: str) -> None:
        """Take a container, running or not, off a network. Raises NotFound for either, Forbidden."""
        await self._alteration.disconnect(self.find(ref), network)

    async def resize(self, ref: str, *, height: int, width: int) -> None:
        container = self.find(ref)
        running_state(container, "resize")
        self._parts.execution.resize(self.files.bundle(container.id), height=height, width=width)
        attributes = container.attributes(height=str(height), width=str(width))
        self._parts.events.publish("container", "resize", container.id, attributes)

    async def remove(self, ref: str, *, force: bool = False, volumes: bool = False) -> None:
        """Remove it, with `volumes` also its anonymous volumes. Raises Conflict when it runs and not `force`."""
        await self._removal.remove(self.find(ref), force=force, volumes=volumes)

    async def prune(self, filters: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Remove every stopped container that passes; returns Docker's report."""
        return await self._removal.prune(self._display.select(filters, all_=True))

    async def top(self, ref: str, ps_args: str) -> dict[str, Any]:
        """The container's processes as the host's ps shows them. Raises Conflict when it does not run."""
        container = self.find(ref)
        running_state(container, "top")
        return await top(await self._parts.execution.pids(container.id), ps_args)

    async def update(self, ref: str, wishes: Update) -> list[str]:
        """Change limits and restart policy, at once where it runs; returns warnings.

        Raises InvalidParameter and Conflict for what can't be, EngineError when the kernel refuses: then nothing is
        changed.
        """
        return await self._control.update(self.find(ref), wishes)

    def stats(self, ref: str) -> AsyncGenerator[dict[str, Any], None]:
        """Docker's StatsResponse, now and once a second from then on; NotFound is raised by the call itself."""
        container = self.find(ref)
        return stats.follow(container, partial(self._sample, container))

    async def changes(self, ref: str) -> Sequence[Change]:
        """What the container has written over its image."""
        return await self._parts.graph.changes(self.find(ref).id, scaffold=STUBS)

    def wait(self, ref: str, condition: WaitCondition) -> "asyncio.Future[WaitResult]":
        """Registered when this returns: the caller may send its headers at once, then await the future."""
        return self.find(ref).wait(condition)

    async def attach(self, ref: str, options: AttachOptions) -> Session:
        """A client's session, before the start or at any time after.

        Its chunks begin with the log when `logs` asks for it; without `stream` they end there. A container that has
        ended gives an empty session. Raises Conflict for a paused one.
        """
        container = self.find(ref)
        if container.status is Status.PAUSED:
            raise Conflict(f"container {container.id} is paused, unpause the container before attach")
        check_not_restarting(container)
        streams = {Stream.STDIN: options.stdin, Stream.STDOUT: options.stdout, Stream.STDERR: options.stderr}
        wanted = frozenset(stream for stream, on in streams.items() if on)
        replay = self._past(container, options) if options.logs else None
        client = container.hub.join(wanted, replay=replay)
        if not options.stream or container.status in {Status.EXITED, Status.DEAD, Status.REMOVING}:
            await client.detach()
        elif container.status is Status.RUNNING:
            await container.hub.open()
        self._parts.events.publish("container", "attach", container.id, container.attributes())
        return client

    def logs(self, ref: str, options: LogOptions) -> AsyncIterator[Chunk]:
        """The log's chunks; NotFound is raised by the call itself, not by the first step of the iteration.

        Raises NotSupported for a container whose output is not kept.
        """
        container = self.find(ref)
        if not (options.stdout or options.stderr):
            raise InvalidParameter("Bad parameters: you must choose at least one stream")
        config, log_config = container.record.config, container.record.host_config.log_config
        if log_config.type == NO_DRIVER:
            raise NotSupported("configured logging driver does not support reading")
        if options.details is not None and log_config.type != JOURNAL:
            options = dataclasses.replace(options, details=details_of(config, log_config))
        return self._read_log(container, options)

    def using_image(self, image_id: str) -> list[tuple[str, bool]]:
        """The containers made from an image: their IDs, and whether they run."""
        return [(each.id, each.status.is_up) for each in self._index if each.record.image_id == image_id]

    def name_of(self, container_id: str) -> str:
        return self.find(container_id).name

    def load(self) -> None:
        """Read the records, at start."""
        for record in self._parts.records.load(self._hold_broken).values():
            self._hold(record)

    async def restore(self) -> None:
        """Adopt what runs, end what does not, finish what was begun; sweep what no record knows.

        The graph driver's and the networks' own sweeps come before: see `daemon`.
        """
        known = {container.id for container in self._index}
        lost = [identifier for identifier in self._parts.execution.known() if identifier not in self.live()]
        await collect("removing what a dead engine left", *(self._parts.execution.delete(each) for each in lost))
        self.files.sweep(known, self.live())
        self._host_mounts.sweep(self.live())
        still = known - self.live()
        await collect("unmounting what a dead engine left", *(self._parts.graph.unmount(each) for each in still))
        for container in self._index:
            if container.status.has_process:
                await self._lifecycle.adopt(container)
            elif container.status is Status.RESTARTING:
                self._lifecycle.revive(container)
            elif restart.starts_with_engine(container.record):
                self._lifecycle.start_with_engine(container)
            elif container.status in {Status.REMOVING, Status.DEAD} and not container.is_broken:
                await self._removal.finish(container, volumes=container.record.host_config.auto_remove)

    def use_prober(self, prober: Prober) -> None:
        """What runs health checks; needed before the first container starts, or is adopted."""
        self._lifecycle.health.prober = prober

    def restored(self) -> None:
        """All of the engine stands again: restarts that have waited for that may begin."""
        self._lifecycle.restored()
        self.log_archive.start()

    def live(self) -> set[str]:
        """The containers that, by their records, have a process."""
        return {container.id for container in self._index if container.status.has_process}

    def volumes(self) -> dict[str, list[str]]:
        """Which volumes each container has."""
        return {
            each.id: [mounted.name for mounted in each.record.mounts if mounted.kind == "volume"]
            for each in self._index
        }

    async def close(self) -> None:
        """Let go of the containers; they go on."""
        await self._lifecycle.close()
        await self.log_archive.close()

    def _reserve_name(self, wanted: str | None, identifier: str) -> str:
        if wanted is not None:
            name = wanted.removeprefix("/")
            self._index.reserve(name, identifier)
            return name
        for attempt in range(_NAME_ATTEMPTS):
            name = random_name() if attempt < _NAME_ATTEMPTS - 1 else identifier[:12]
            if not self._index.is_taken(name):
                break
        self._index.reserve(name, identifier)
        return name

    async def _make(self, record: Record) -> None:
        """Folder, volumes, writable layer, record; whatever fails, what was made before is undone."""
        parts = self._parts
        async with contextlib.AsyncExitStack() as undo:
            self.files.make_folder(record.id)
            undo.callback(self.files.remove, record.id)
            undo.push_async_callback(parts.volumes.release_all, record.id, anonymous=True)
            record.mounts = await creation.provide_mounts(record, parts.volumes, self._neighbours.mounts)
            await parts.graph.create(record.id, record.layers, ephemeral=record.host_config.auto_remove)
            undo.push_async_callback(parts.graph.remove, record.id)
            await parts.records.put(record.id, record)
            undo.pop_all()

    def _hold(self, record: Record) -> Container:
        connect = partial(self._parts.execution.connect, self.files.bundle(record.id))
        container = Container(record, connect, _log_files(record, self.files))
        self._index.add(container)
        return container

    def _hold_broken(self, identifier: str, body: bytes, reason: str) -> None:
        """It is shown as dead, and its user removes it: nobody else can say what it was worth."""
        self._hold(salvage(identifier, body, reason)).is_broken = True

    async def _start(self, container: Container) -> None:
        async with container.lock:
            await self._lifecycle.start(container)

    async def _after_end(self, container: Container) -> None:
        await self._removal.after_end(container)

    def _sample(self, container: Container) -> Sample | None:
        record = container.record
        if not record.state.status.has_process:
            return None
        path = cgroup_path(record, self._parts.config)
        return stats.take(path, record.state.pid, shares_host=record.network == "host")

    def _past(self, container: Container, options: AttachOptions) -> AsyncIterator[Chunk]:
        return self._read_log(container, LogOptions(stdout=options.stdout, stderr=options.stderr))

    def _read_log(self, container: Container, options: LogOptions) -> AsyncIterator[Chunk]:
        if container.record.host_config.log_config.type == JOURNAL:
            return journal.read(container.id, options, container.ended)
        return logs.read(self.files.log(container.id), options, container.ended)


def _retention(config: Config) -> Retention:
    return Retention(seconds=config.log_archive_hours * 3600, size=config.log_archive_megabytes * 1_000_000)


def _log_files(record: Record, files: Files) -> LogFiles | None:
    policy = policy_of(record.host_config.log_config)
    max_files = None if policy.max_size is None else policy.max_files
    return LogFiles(files.log(record.id), max_files) if policy.in_files else None
