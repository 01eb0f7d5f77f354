"""The container part of a create request: Docker's `Config`, `HostConfig` and `NetworkingConfig`.

A field that is not here is one that the engine can't honour. Clients send every field that they know, most of them
empty; an empty one says nothing and passes, one that says something is refused by name (`decode`). So no option is
ever accepted and ignored.
"""

from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, field

from engine.errors import InvalidParameter, NotSupported

S = TypeVar("S", bound=Struct)


class PortBinding(Struct, rename="pascal"):
    """Where one container port is published; an empty `host_port` lets the engine choose."""

    host_ip: str = msgspec.field(name="HostIp", default="")
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


class BindOptions(Struct, rename="pascal"):
    propagation: str = ""
    create_mountpoint: bool = False


class VolumeOptions(Struct, rename="pascal"):
    no_copy: bool = False
    labels: dict[str, str] | None = None


class TmpfsOptions(Struct, rename="pascal"):
    size_bytes: int = 0
    mode: int = 0


class Mount(Struct, rename="pascal"):
    """One `--mount`: `type` is bind, volume or tmpfs."""

    type: str
    target: str = ""
    source: str = ""
    read_only: bool = False
    consistency: str = ""
    bind_options: BindOptions | None = None
    volume_options: VolumeOptions | None = None
    tmpfs_options: TmpfsOptions | None = None


class ContainerConfig(Struct, rename="pascal"):
    """What is portable of a container: the process, its environment, what the image says."""

    hostname: str = ""
    domainname: str = ""
    user: str = ""
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    exposed_ports: dict[str, Any] | None = None
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    env: list[str] | None = None
    cmd: list[str] | None = None
    image: str = ""
    volumes: dict[str, Any] | None = None
    working_dir: str = ""
    entrypoint: list[str] | None = None
    mac_address: str = ""
    labels: dict[str, str] | None = None
    stop_signal: str = ""
    stop_timeout: int | None = None


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
    oom_score_adj: int = 0
    pid_mode: str = ""
    privileged: bool = False
    publish_all_ports: bool = False
    readonly_rootfs: bool = False
    security_opt: list[str] | None = None
    tmpfs: dict[str, str] | None = None
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


class EndpointConfig(Struct, rename="pascal"):
    """The request's wishes for one network; addresses may be asked for, names and drivers' options not yet."""

    mac_address: str = ""
    ip_address: str = field(name="IPAddress", default="")


class NetworkingConfig(Struct, rename="pascal"):
    endpoints_config: dict[str, EndpointConfig | None] | None = None


#: The structures within structures, whose fields are held to the same rule.
_NESTED: Final[dict[tuple[type[Struct], str], type[Struct]]] = {
    (HostConfig, "RestartPolicy"): RestartPolicy,
    (HostConfig, "LogConfig"): LogConfig,
    (HostConfig, "Mounts"): Mount,
    (HostConfig, "Ulimits"): Ulimit,
    (Mount, "BindOptions"): BindOptions,
    (Mount, "VolumeOptions"): VolumeOptions,
    (Mount, "TmpfsOptions"): TmpfsOptions,
    (NetworkingConfig, "EndpointsConfig"): EndpointConfig,
}
_MAPPINGS: Final = {(EndpointConfig, "EndpointsConfig")}
#: Fields whose "nothing said" is not JSON's zero.
_QUIET: Final[dict[str, tuple[Any, ...]]] = {"MemorySwappiness": (-1,), "MemorySwap": (0,)}
#: Fields that older clients still send, and that say nothing to a Linux engine.
_OBSOLETE: Final = frozenset({"ArgsEscaped", "KernelMemory", "KernelMemoryTCP"})


def decode(kind: type[S], body: Any, where: str) -> S:
    """Read `body` (decoded JSON) as `kind`.

    Raises InvalidParameter for a malformed field and NotSupported for a field that asks for something the engine
    does not have; both name the field, `where` saying in which part of the request it stands.
    """
    if body is None:
        return kind()
    if not isinstance(body, dict):
        raise InvalidParameter(f"{where}: an object is expected, not {type(body).__name__}")
    try:
        return msgspec.convert(_known(kind, body, where), kind, strict=True)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"invalid {where}: {error}") from error


def _known(kind: type[Struct], body: dict[str, Any], where: str) -> dict[str, Any]:
    """The fields of `body` that `kind` has, by their exact names: JSON keys match in any case, as in Docker."""
    names = _field_names(kind)
    known: dict[str, Any] = {}
    for key, value in body.items():
        name = names.get(key.lower())
        if name is None:
            _refuse(f"{where}.{key}", key, value)
        elif value is not None:
            known[name] = _known_inside(_NESTED.get((kind, name)), value, f"{where}.{name}")
    return known


def _known_inside(kind: type[Struct] | None, value: Any, where: str) -> Any:
    """The same for a structure within a field: alone, in a list, or in a mapping."""
    if kind is None:
        return value
    if isinstance(value, list):
        return [_known_inside(kind, item, f"{where}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if (kind, where.rpartition(".")[2]) in _MAPPINGS:
        return {key: _known(kind, item or {}, f"{where}[{key!r}]") for key, item in value.items()}
    return _known(kind, value, where)


def _field_names(kind: type[Struct]) -> dict[str, str]:
    return {name.lower(): name for name in kind.__struct_encode_fields__}


def _refuse(path: str, key: str, value: Any) -> None:
    if _says_nothing(value) or key in _OBSOLETE or value in _QUIET.get(key, ()):
        return
    raise NotSupported(f"{path} is not supported: {msgspec.json.encode(value).decode()[:200]}")


def _says_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_says_nothing(item) for item in value.values())
    if isinstance(value, list):
        return all(_says_nothing(item) for item in value)
    return not value
