"""Starting a container, noticing its end, and cleaning up after it.

Every step is written down before it can matter after a crash, and all that a step makes can be made again or taken
away without knowing how far a dead engine came: the graph driver, the networks and the execution driver each undo by
the container's ID alone, and do so when there is nothing to undo.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import structlog

from engine import tasks
from engine.config import Config
from engine.container import links, population, restart, rootfs, spec, user
from engine.container.archive.roots import Roots
from engine.container.checks.targets import check_root
from engine.container.connections import Connections
from engine.container.container import Container
from engine.container.files import Files
from engine.container.healthchecks import Healthchecks
from engine.container.hostmounts import HostMounts
from engine.container.ledger import Ledger
from engine.container.logs.files import LogFiles
from engine.container.logs.policy import policy_of, tag_of
from engine.container.logs.rotation import Rotation, WatchedLog
from engine.container.neighbours import Joined, Neighbours
from engine.container.record import Record
from engine.container.state import Status, move
from engine.errors import Conflict, InvalidParameter, NotModified
from engine.events import EventBus
from engine.execdriver.driver import ExecDriver, Finished, Journal, Running, StartFailed
from engine.graphdriver.driver import GraphDriver
from engine.network.service import Networks
from engine.store import Records
from engine.volume.service import Volumes

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a container's life is made with."""

    config: Config
    records: Records[Record]
    events: EventBus
    graph: GraphDriver
    networks: Networks
    volumes: Volumes
    execution: ExecDriver


class Lifecycle:
    """Starts, ends and cleans up. `on_end` is told of each container that has ended and been cleaned up."""

    def __init__(
        self,
        parts: Parts,
        on_end: Callable[[Container], Awaitable[None]],
        neighbours: Neighbours,
        host_mounts: HostMounts,
    ) -> None:
        self._parts = parts
        self._on_end = on_end
        self._neighbours = neighbours
        self._host_mounts = host_mounts
        self._tasks: set[asyncio.Task[Any]] = set()
        self._starts: set[asyncio.Task[Any]] = set()
        self._restored = asyncio.Event()
        self._rotation = Rotation()
        self.files = Files(parts.config)
        self.roots = Roots(parts.graph)
        self.ledger = Ledger(parts.records)
        self.health = Healthchecks(parts.events, self.ledger.save_surely)
        self.connections = Connections(parts.networks, self.files)

    async def start(self, container: Container) -> None:
        """Bring the container to life, for its user. Its lock is held by the caller.

        Raises NotModified when it runs, Conflict when it can't be started in its state, StartFailed when its
        process can't be made; then all is as before, and the record says why.
        """
        _check_startable(container)
        container.record.restart_count, container.record.state.restart_delay = 0, 0
        await self._start_or_undo(container)

    async def call_off(self, container: Container) -> None:
        """The user wants the container down: nothing restarts it any more."""
        container.record.state.manually_stopped = True
        if container.status is Status.RESTARTING:
            async with container.lock:
                # A restart that was under way has made a fresh run of it, which nobody had called off.
                container.record.state.manually_stopped = True
                await self._end_restarts(container)
        elif restart.is_set(container.record.host_config.restart_policy):
            await self.ledger.save_surely(container)

    def revive(self, container: Container) -> None:
        """Start the container again when its delay is over."""
        container.ended.clear()
        task = tasks.spawn(self._revive(container), name=f"restart {container.id}", owner=self._tasks)
        container.revival = task

    def start_with_engine(self, container: Container) -> None:
        """Start an ended container of which its policy wants that; a failure is told in its record and in the log."""
        start = self._start_with_engine(container)
        tasks.spawn(start, name=f"start {container.id} with the engine", owner=self._starts)

    def restored(self) -> None:
        """The engine's start is over: containers that are to be restarted may begin."""
        self._restored.set()

    async def adopt(self, container: Container) -> None:
        """Take over a container that a former engine had started: watch it when it lives, end it when it does not."""
        running, bundle = container.record.state.running, self.files.bundle(container.id)
        if self._parts.execution.is_alive(bundle, running):
            container.ended.clear()
            await self.connections.adopt(container.record)
            await self._finish_start(container, running)
            self.health.adopt(container)
            self._watch(container, running)
        else:
            await self._end(container, running)

    async def _finish_start(self, container: Container, running: Running) -> None:
        """One container that can't be let go must not keep the engine from the others."""
        try:
            await self._parts.execution.finish_start(container.id, running)
        except StartFailed as error:
            log.warning("a start that a dead engine began failed", container=container.id, error=error.message)
            self._parts.execution.signal(running, signal.SIGKILL)

    async def close(self) -> None:
        """Stop watching; the containers go on."""
        await self._rotation.close()
        await self.health.close()
        await tasks.cancel_all(self._tasks)
        await asyncio.gather(*self._starts, return_exceptions=True)
        await tasks.cancel_all(self._tasks)
        await self.ledger.close()
        await self.roots.close()

    async def cleanup(self, container: Container) -> None:
        """Take away all that a run of the container left: cgroups, network, mounts. Goes on past what fails."""
        parts, identifier = self._parts, container.id
        await collect(
            f"cleaning up after container {identifier}",
            parts.execution.delete(identifier),
            parts.networks.release(identifier),
            self.roots.unmount(identifier),
            asyncio.to_thread(self._host_mounts.remove, identifier),
            asyncio.to_thread(self._remove_bundle, container),
        )
        self._tell_of_volumes(container.record, mounted=False)

    async def save(self, container: Container) -> None:
        """Raises OSError when the disk is full."""
        await self.ledger.save(container)

    def _remove_bundle(self, container: Container) -> None:
        """Unless the exit code in it is not written anywhere else yet."""
        if not self.ledger.is_behind(container):
            shutil.rmtree(self.files.bundle(container.id), ignore_errors=True)

    async def _start_or_undo(self, container: Container) -> None:
        try:
            await self._start(container)
        except BaseException as error:
            await self._undo_start(container, error)
            raise

    async def _revive(self, container: Container) -> None:
        """A restart that fails is the last, as in Docker."""
        await self._restored.wait()
        await asyncio.sleep(container.record.state.restart_delay)
        async with container.lock:
            container.revival = None
            # A start that has begun is not cut off when the engine goes down: `close` waits for it.
            start = self._start_or_undo(container)
            await asyncio.shield(tasks.spawn(start, name=f"restarting {container.id}", owner=self._starts))

    async def _start_with_engine(self, container: Container) -> None:
        await self._restored.wait()
        async with container.lock:
            await self.start(container)

    async def _end_restarts(self, container: Container) -> None:
        """With the lock held, so that the next restart waits for its time, or for the lock, or has been made."""
        if container.status is not Status.RESTARTING:
            return
        if container.revival is not None:
            container.revival.cancel()
            container.revival = None
        state = container.record.state
        state.status = move(container.name, state.status, Status.EXITED)
        await self.ledger.save_surely(container)
        container.tell_exit()

    async def _start(self, container: Container) -> None:
        with self._neighbours.joined(container.record) as joined:
            await self._start_beside(container, joined)

    async def _start_beside(self, container: Container, joined: Joined) -> None:
        parts, record, identifier = self._parts, container.record, container.id
        root = await parts.graph.mount(identifier)
        sandbox, attach = await self._make_network(record, joined)
        bundle = self.files.make_bundle(identifier)
        around = await self._surroundings(record, root, sandbox, joined)
        self.files.write_spec(bundle, spec.build(record, around))
        running = await self._create_process(container, bundle, attach())
        record.state.run(record.name, running)
        self.health.prepare(container)
        await self.save(container)
        container.ended.clear()
        await container.hub.open(at_start=True)
        await parts.execution.start(identifier, running)
        self._watch(container, running)
        self.health.watch(container)
        parts.events.publish("container", "start", identifier, container.attributes())

    async def _make_network(self, record: Record, joined: Joined) -> tuple[Path | None, Callable[[], Awaitable[None]]]:
        """The container's network namespace (None: the host's), and what is left to do beside its process's making."""
        if (shared := joined.namespaces.get("network")) is not None:
            return shared, _nothing
        linked = self._neighbours.linked(record)
        record.link_environment = tuple(line for each in linked for line in links.environment(record.name, each))
        shares_host = await self.connections.allocate(record)
        sandbox = None if shares_host else await self._parts.networks.open_sandbox(record.id)
        names = [entry for each in linked for entry in links.hosts(each)]
        self.connections.write_files(record, shares_host=shares_host, links=names)
        return sandbox, partial(self.connections.attach, record)

    async def _create_process(self, container: Container, bundle: Path, attach: Awaitable[None]) -> Running:
        """The process and its network are made side by side: the one needs only the other's namespace."""
        execution, runtime = self._parts.execution, container.record.host_config.runtime
        output = self._output(container.record)
        create = execution.create(container.id, bundle, stdio=container.hub.stdio, log=output, runtime=runtime)
        running, attached = await asyncio.gather(create, attach, return_exceptions=True)
        for outcome in (running, attached):
            if isinstance(outcome, BaseException):
                raise outcome
        assert isinstance(running, Running)  # noqa: S101 -- for mypy: what is no error is the result
        return running

    def _output(self, record: Record) -> Path | Journal | None:
        policy = policy_of(record.host_config.log_config)
        if policy.journal_tag is None:
            return self.files.log(record.id) if policy.in_files else None
        tag = tag_of(policy.journal_tag, identifier=record.id, name=record.name, image=record.image_name)
        return Journal(record.name, tag)

    async def _surroundings(
        self, record: Record, root: Path, sandbox: Path | None, joined: Joined
    ) -> spec.Surroundings:
        check_root(root)
        identity = user.resolve(root, record.config.user, record.host_config.group_add or ())
        _prepare_working_directory(root, record)
        await population.populate(record, root, self._parts.volumes)
        self._tell_of_volumes(record, mounted=True)
        return spec.Surroundings(
            root=root,
            files=joined.files or self.files.folder(record.id),
            identity=identity,
            network_namespace=sandbox,
            cgroup_path=cgroup_path(record, self._parts.config),
            joined=joined.namespaces,
            shared_memory=joined.shared_memory or self._own_shared_memory(record),
            parts=self._parts_of_volumes(record),
            knows_new_calls=self._parts.execution.answers_new_calls(record.host_config.runtime),
        )

    def _own_shared_memory(self, record: Record) -> Path | None:
        """On the host, so that others can have it too."""
        host = record.host_config
        shared = host.ipc_mode == "shareable"
        return self._host_mounts.make_shared_memory(record.id, host.shm_size) if shared else None

    def _parts_of_volumes(self, record: Record) -> dict[str, Path]:
        bind = self._host_mounts.bind_part
        return {
            mounted.destination: bind(record.id, f"part{number}", Path(mounted.source), mounted.subpath)
            for number, mounted in enumerate(record.mounts)
            if mounted.subpath
        }

    async def _undo_start(self, container: Container, error: BaseException) -> None:
        """Clean up, and note why. Who waits for the container's next exit goes on waiting, as in Docker."""
        state = container.record.state
        code = error.exit_code if isinstance(error, StartFailed) else 128
        if was_up := state.status.is_up:
            state.exit(container.name, code, error=str(error))
        elif isinstance(error, Exception):
            state.exit_code, state.error = code, str(error)
        with contextlib.suppress(ExceptionGroup):  # logged by `collect`; the start's own error matters more
            await self.cleanup(container)
        await self.ledger.save_surely(container)
        await container.hub.end()
        if was_up:
            container.tell_exit()
        if isinstance(error, Exception):
            self._parts.events.publish("container", "die", container.id, container.attributes(exitCode=str(code)))

    def _tell_of_volumes(self, record: Record, *, mounted: bool) -> None:
        for each in record.mounts:
            if each.kind == "volume" and mounted:
                self._parts.volumes.mounted(
                    each.name, record.id, destination=each.destination, read_only=each.read_only
                )
            elif each.kind == "volume":
                self._parts.volumes.unmounted(each.name, record.id)

    def _watch(self, container: Container, running: Running) -> None:
        policy = policy_of(container.record.host_config.log_config)
        reopen = partial(self._parts.execution.reopen_log, self.files.bundle(container.id))
        watched = WatchedLog(LogFiles(self.files.log(container.id)), policy, reopen)
        self._rotation.watch(container.id, watched)
        tasks.spawn(self._end(container, running), name=f"watch {container.id}", owner=self._tasks)

    async def _end(self, container: Container, running: Running) -> None:
        """Wait for the end and write it down; clean up; tell."""
        finished = await self._parts.execution.finished(self.files.bundle(container.id), running)
        self._rotation.unwatch(container.id)
        async with container.lock:
            await self.health.unwatch(container)
            restarts = restart.follows(container.record, finished.exit_code)
            await self._record_end(container, finished, restarts=restarts)
            tasks.spawn(container.hub.end(), name=f"end streams of {container.id}", owner=self._tasks)
            with contextlib.suppress(ExceptionGroup):  # logged by `collect`, and tried again by the next start or sweep
                await self.cleanup(container)
            if container.status is Status.RESTARTING:
                self.revive(container)
        if not container.status.is_up:
            await self._on_end(container)

    async def _record_end(self, container: Container, finished: Finished, *, restarts: bool) -> None:
        record, state = container.record, container.record.state
        state.exit(
            container.name,
            finished.exit_code,
            error=finished.error,
            oom_killed=finished.oom_killed,
            restarts=restarts,
        )
        if restarts:
            record.restart_count += 1
            state.restart_delay = restart.next_delay(state.restart_delay, (time.time_ns() - state.started) / 1e9)
        await self.ledger.save_surely(container)
        if finished.oom_killed:
            self._parts.events.publish("container", "oom", container.id, container.attributes())
        attributes = container.attributes(exitCode=str(finished.exit_code))
        self._parts.events.publish("container", "die", container.id, attributes)
        if not restarts:
            container.tell_exit()


async def collect(what: str, *steps: Awaitable[object]) -> None:
    """Run all steps side by side, to the end; log what failed, and raise it as one group."""
    outcomes = await asyncio.gather(*steps, return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    if failures:
        group = ExceptionGroup(f"{what} failed", failures)
        log.error(f"{what} failed", errors=[str(failure) for failure in failures], exc_info=group)
        raise group


def _check_startable(container: Container) -> None:
    status = container.status
    if status in {Status.RUNNING, Status.RESTARTING}:
        raise NotModified(f"container {container.id} is already running")
    if status is Status.PAUSED:
        raise Conflict("cannot start a paused container, try unpause instead")
    if container.is_broken:
        raise Conflict(f"container {container.id} can't be started: {container.record.state.error}")
    if status in {Status.REMOVING, Status.DEAD}:
        raise Conflict("container is marked for removal and cannot be started")


async def _nothing() -> None:
    return None


def cgroup_path(record: Record, config: Config) -> str:
    """The container's control group, below the root of each hierarchy."""
    return str(PurePosixPath("/", record.host_config.cgroup_parent or config.cgroup_parent, record.id))


def _prepare_working_directory(root: Path, record: Record) -> None:
    """Make the working directory when the image lacks it, as Docker does.

    One that leads into /proc is refused: a runtime that is old would enter it by a descriptor of its own, and so
    leave the container (CVE-2024-21626).
    """
    path = record.config.working_dir
    if not path:
        return
    real = rootfs.real_path(root, path)
    for candidate in (PurePosixPath(os.path.normpath(path)), real):
        if candidate is not None and candidate.parts[1:2] == ("proc",):
            raise InvalidParameter(f"the working directory {path!r} lies in /proc")
    if real is None:
        rootfs.make_directory(root, path)
