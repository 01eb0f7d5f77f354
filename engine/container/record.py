"""The record of one container: all that must be known of it after the engine was killed."""

import time
from typing import Final

from msgspec import Struct, field

from engine.container.config import ContainerConfig, EndpointConfig, HostConfig
from engine.container.health import Health
from engine.container.state import Status, move
from engine.execdriver.driver import Running

#: The time that Docker writes for "never".
NEVER: Final = 0


class MountedVolume(Struct, frozen=True, kw_only=True):
    """One mount of the container, resolved: `kind` is bind, volume or tmpfs; `source` a path on the host.

    `name` is a volume's name; `options` are OCI mount options beside ro and propagation (for a tmpfs all of them);
    A bind's `options` are `bind` where the mounts below its source stay out. `shallow_read_only` leaves those
    writable that come in. `subpath` is the part of a volume that is mounted, relative to `source`.
    `copy_up` asks that a fresh volume receives what the image has at `destination`.
    """

    kind: str
    destination: str
    source: str = ""
    name: str = ""
    mode: str = ""
    read_only: bool = False
    propagation: str = ""
    options: tuple[str, ...] = ()
    copy_up: bool = False
    anonymous: bool = False
    shallow_read_only: bool = False
    subpath: str = ""


class Link(Struct, frozen=True):
    """Another container on the default bridge, and what this one calls it."""

    container_id: str
    alias: str


class State(Struct, kw_only=True):
    """What changes while the container lives. Times are Unix nanoseconds, 0 for never."""

    status: Status = Status.CREATED
    pid: int = 0
    monitor_pid: int = 0
    birth: int = 0
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    started: int = NEVER
    finished: int = NEVER
    #: Has the user ended it (`docker stop`, `docker kill`)? Then no restart policy brings it back.
    manually_stopped: bool = False
    #: Seconds that the last restart waited, 0 when the container was started by its user.
    restart_delay: float = 0
    health: Health | None = None

    def run(self, name: str, running: Running) -> None:
        """The process has been made."""
        self.status = move(name, self.status, Status.RUNNING)
        self.pid, self.monitor_pid, self.birth = running.pid, running.monitor_pid, running.birth
        self.exit_code, self.error, self.oom_killed, self.manually_stopped = 0, "", False, False
        self.started, self.finished = time.time_ns(), NEVER

    def exit(self, name: str, code: int, *, error: str = "", oom_killed: bool = False, restarts: bool = False) -> None:
        """The process has ended; with `restarts` another will follow."""
        self.status = move(name, self.status, Status.RESTARTING if restarts else Status.EXITED)
        self.pid = self.monitor_pid = self.birth = 0
        self.exit_code, self.error, self.oom_killed = code, error, oom_killed
        self.finished = time.time_ns()

    @property
    def running(self) -> Running:
        """The process to talk to, while there is one."""
        return Running(self.pid, self.monitor_pid, self.birth)


class Record(Struct, kw_only=True):
    """A container. `config` is the request's merged with the image's; `image_name` is what the user asked for.

    `link_environment` is what the links said at the last start; a later exec has it too.
    """

    id: str
    name: str
    created: int
    image_id: str
    image_name: str
    config: ContainerConfig
    host_config: HostConfig
    layers: tuple[str, ...] = ()
    mounts: tuple[MountedVolume, ...] = ()
    network: str = "bridge"
    endpoints: dict[str, EndpointConfig] | None = None
    restart_count: int = 0
    links: tuple[Link, ...] = ()
    link_environment: tuple[str, ...] = ()
    state: State = field(default_factory=State)

    @property
    def wished_endpoints(self) -> dict[str, EndpointConfig]:
        """What the container wants of each of its networks, by the network's name: kept for every start."""
        return {self.network: EndpointConfig()} if self.endpoints is None else self.endpoints

    @property
    def argv(self) -> list[str]:
        """The process's arguments: the entrypoint, then the command."""
        return [*(self.config.entrypoint or ()), *(self.config.cmd or ())]
