"""The daemon: makes the parts, wires them together, restores what was, serves, and shuts down in order.

This is the only place that names a concrete driver. The order of restoring matters: first which containers live (by
their records and their monitors), then the drivers' sweeps of everything that belongs to no living or known
container, then the adoption of the living ones.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Iterator

import structlog

from engine import __version__
from engine.build.cache.records import StepRecord
from engine.build.service import Builds
from engine.config import Config
from engine.container.archive.service import Archives
from engine.container.exec import Execs
from engine.container.lifecycle import Parts
from engine.container.probe import ExecProber
from engine.container.record import Record
from engine.container.service import Containers
from engine.container.snapshot import Snapshots
from engine.errors import Conflict, NotFound, Unavailable
from engine.events import EventBus
from engine.execdriver.conmon import ConmonDriver
from engine.execdriver.runtimes import Runtimes
from engine.graphdriver.choice import choose
from engine.graphdriver.overlay import OverlayDriver
from engine.graphdriver.vfs.driver import VfsDriver
from engine.ids import short_id
from engine.image.service import Images
from engine.linux import cgroups, inotify
from engine.network.service import Networks
from engine.networkdriver.bridge import BridgeDriver
from engine.networkdriver.stacked import StackedDriver
from engine.registry.puller import Puller
from engine.registry.pusher import Pusher
from engine.server.app import make_app
from engine.server.listener import Listener
from engine.server.services import Services
from engine.server.system import System
from engine.store import Database, Records
from engine.volume.service import Volumes

log = structlog.get_logger(__name__)


async def serve(config: Config) -> None:
    """Run the engine until SIGTERM or SIGINT.

    Raises Unavailable when the host lacks what it needs, Conflict when another engine has the state directory.
    """
    _check_host()
    with _only_engine(config), contextlib.ExitStack() as stack:
        database = Database(config.database)
        stack.callback(database.close)
        engine = Engine(config, database)
        await engine.restore()
        try:
            await engine.listen()
            await _stop_requested()
            log.info("stopping: containers go on")
        finally:
            await engine.close()


class Engine:
    """All parts of one engine."""

    def __init__(self, config: Config, database: Database) -> None:
        self._config = config
        events = EventBus()
        self._graph = choose((OverlayDriver, VfsDriver), config.home, config.storage_driver)
        runtimes = Runtimes(config.run, named=dict(config.runtimes), default=config.runtime)
        self._execution = ConmonDriver(runtimes)
        stacked = {kind: StackedDriver(kind) for kind in ("macvlan", "ipvlan")}
        self._networks = Networks(config, database, events, {"bridge": BridgeDriver(config), **stacked})
        self._volumes = Volumes(config, database, events)
        self._images = Images(config.home / "images", database, self._graph, events)
        parts = Parts(
            config=config,
            records=Records(database, "container", Record),
            events=events,
            graph=self._graph,
            networks=self._networks,
            volumes=self._volumes,
            execution=self._execution,
        )
        self._containers = Containers(parts, self._images)
        self._snapshots = Snapshots(parts, self._containers, self._images)
        self._archives = Archives(parts, self._containers)
        self._execs = Execs(parts, self._containers)
        self._puller = Puller(config, self._images, events)
        self._builds = Builds(parts, self._images, self._puller, Records(database, "build-step", StepRecord))
        prober = ExecProber(self._execs, self._execution, self._containers.files)
        self._containers.use_prober(prober)
        self._images.users = self._containers.using_image
        self._networks.name_of = self._name_of
        self._events = events
        self._listener: Listener | None = None

    async def restore(self) -> None:
        """Find again what a former life of the engine left: what lives goes on, all else is taken away."""
        inotify.make_room()
        await self._execution.prepare(self._config.cgroup_parent)
        self._containers.load()
        known = {container.id for container in self._containers}
        await self._volumes.restore(self._containers.volumes())
        await self._networks.restore(self._containers.live())
        await self._containers.restore()
        await self._execs.restore()
        await self._builds.restore()
        await asyncio.to_thread(self._images.sweep)
        self._images.flush()
        await self._graph.sweep(known, self._images.live_layers)
        self._containers.restored()

    def _name_of(self, container_id: str) -> str:
        """Of what is on a network: a container, or the steps of a build, which nobody has named."""
        try:
            return self._containers.name_of(container_id)
        except NotFound:
            return f"build-{short_id(container_id)}"

    async def listen(self) -> None:
        services = Services(
            config=self._config,
            events=self._events,
            images=self._images,
            puller=self._puller,
            pusher=Pusher(self._config, self._images, self._events),
            builds=self._builds,
            containers=self._containers,
            snapshots=self._snapshots,
            archives=self._archives,
            execs=self._execs,
            networks=self._networks,
            volumes=self._volumes,
            system=System(
                self._config,
                containers=self._containers,
                images=self._images,
                graph=self._graph,
                execution=self._execution,
            ),
        )
        self._listener = Listener(make_app(services), self._config.socket, self._config.group)
        await self._listener.start()
        log.info("listening", socket=str(self._config.socket), version=__version__)

    async def close(self) -> None:
        """Stop serving, let go of the containers, and leave nothing in the kernel that none of them needs."""
        self._events.close()
        if self._listener is not None:
            await self._listener.close()
        await self._builds.close()
        await self._execs.close()
        self._archives.close()
        await self._containers.close()
        await self._volumes.close()
        await self._networks.shutdown()
        await self._images.close()
        self._graph.close()
        if not self._containers.live():
            cgroups.remove(self._config.cgroup_parent)


def _check_host() -> None:
    if os.geteuid() != 0:
        raise Unavailable("the engine makes namespaces and mounts and must run as root")


@contextlib.contextmanager
def _only_engine(config: Config) -> Iterator[None]:
    """Make the directories, and hold the state for this engine alone; the kernel drops the lock with the process."""
    config.home.mkdir(parents=True, exist_ok=True)
    config.run.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(config.home / "engine.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Conflict(f"another engine is running on {config.home}") from error
    finally:
        os.close(descriptor)


async def _stop_requested() -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
