"""Docker's `HostConfig`: what of a container depends on the host."""

from msgspec import Struct, field

from engine.container.config.mounts import Mount


class PortBinding(Struct, rename="pascal"):
    """Where one container port is published; an empty `host_port` lets the engine choose."""

    host_ip: str = field(name="HostIp", default="")
    host_port: str = ""


class RestartPolicy(Struct, rename="pascal"):
    name: str = ""
    maximum_retry_count: int = 0


class LogConfig(Struct, rename="pascal"):
    type: str = ""
    config: dict[str, str] | None = None


class Ulimit(Struct, rename="pascal"):
    """A resource limit; -1 means unlimited."""

    name: str
    soft: int = 0
    hard: int = 0


class DeviceMapping(Struct, rename="pascal"):
    """One `--device`: a node (or a folder of them) of the host, and what may be done with it (`rwm`)."""

    path_on_host: str
    path_in_container: str = ""
    cgroup_permissions: str = ""


class WeightDevice(Struct, rename="pascal"):
    """A block device's share of I/O, 10 to 1000."""

    path: str
    weight: int


class ThrottleDevice(Struct, rename="pascal"):
    """A block device's limit, in bytes or operations a second."""

    path: str
    rate: int


class HostConfig(Struct, rename="pascal"):
    """What depends on the host: mounts, networks, limits, privileges."""

    binds: list[str] | None = None
    container_id_file: str = field(name="ContainerIDFile", default="")
    log_config: LogConfig = field(default_factory=LogConfig)
    network_mode: str = ""
    port_bindings: dict[str, list[PortBinding] | None] | None = None
    restart_policy: RestartPolicy = field(default_factory=RestartPolicy)
    auto_remove: bool = False
    volume_driver: str = ""
    volumes_from: list[str] | None = None
    mounts: list[Mount] | None = None
    console_size: list[int] | None = None
    annotations: dict[str, str] | None = None
    cap_add: list[str] | None = None
    cap_drop: list[str] | None = None
    cgroupns_mode: str = ""
    dns: list[str] | None = None
    dns_options: list[str] | None = None
    dns_search: list[str] | None = None
    extra_hosts: list[str] | None = None
    group_add: list[str] | None = None
    ipc_mode: str = ""
    links: list[str] | None = None
    oom_score_adj: int = 0
    pid_mode: str = ""
    privileged: bool = False
    publish_all_ports: bool = False
    readonly_rootfs: bool = False
    security_opt: list[str] | None = None
    tmpfs: dict[str, str] | None = None
    userns_mode: str = ""
    uts_mode: str = field(name="UTSMode", default="")
    shm_size: int = 0
    sysctls: dict[str, str] | None = None
    runtime: str = ""
    isolation: str = ""
    init: bool | None = None
    masked_paths: list[str] | None = None
    readonly_paths: list[str] | None = None
    cpu_shares: int = 0
    memory: int = 0
    nano_cpus: int = 0
    cgroup_parent: str = ""
    cpu_period: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    memory_reservation: int = 0
    memory_swap: int = 0
    memory_swappiness: int | None = None
    pids_limit: int | None = None
    ulimits: list[Ulimit] | None = None
    oom_kill_disable: bool | None = None
    devices: list[DeviceMapping] | None = None
    device_cgroup_rules: list[str] | None = None
    blkio_weight: int = 0
    blkio_weight_device: list[WeightDevice] | None = None
    blkio_device_read_bps: list[ThrottleDevice] | None = None
    blkio_device_write_bps: list[ThrottleDevice] | None = None
    blkio_device_read_iops: list[ThrottleDevice] | None = field(name="BlkioDeviceReadIOps", default=None)
    blkio_device_write_iops: list[ThrottleDevice] | None = field(name="BlkioDeviceWriteIOps", default=None)
