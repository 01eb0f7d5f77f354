"""From a container's record to the OCI runtime specification of its process, with Docker's defaults.

Pure: it reads nothing but its arguments (and the host's /dev for a privileged container). The field's reference is
the OCI runtime specification 1.0.2; the defaults are those that Docker documents and writes.
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.container import capabilities, seccomp
from engine.container.config import HostConfig
from engine.container.record import MountedVolume, Record
from engine.container.user import Identity

_PATH: Final = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHM: Final = "/dev/shm"  # noqa: S108 -- in the container, a mount of its own
DEFAULT_SHM_SIZE: Final = 64 << 20

MASKED_PATHS: Final = (
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
)  # fmt: skip
READONLY_PATHS: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

#: Denied but for null, zero, full, random, urandom, tty and console; the runtime adds mknod and the terminals.
_DEVICE_RULES: Final = (
    {"allow": False, "access": "rwm"},
    *(
        {"allow": True, "type": "c", "major": major, "minor": minor, "access": "rwm"}
        for major, minor in ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1))
    ),
)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the container is put into: paths on the host, and who it runs as.

    `network_namespace` is None for the host's own; `files` holds hostname, hosts and resolv.conf.
    """

    root: Path
    files: Path
    identity: Identity
    network_namespace: Path | None
    cgroup_path: str
    cgroup_v2: bool


def build(record: Record, around: Surroundings) -> dict[str, Any]:
    """The contents of config.json."""
    host = record.host_config
    specification: dict[str, Any] = {
        "ociVersion": "1.0.2",
        "process": process(record, around.identity),
        "root": {"path": str(around.root), "readonly": host.readonly_rootfs},
        "mounts": _mounts(record, around),
        "linux": _linux(record, around),
    }
    if host.uts_mode != "host":
        specification["hostname"] = record.config.hostname
        if record.config.domainname:
            specification["linux"]["sysctl"]["kernel.domainname"] = record.config.domainname
    if host.annotations:
        specification["annotations"] = host.annotations
    return specification


def process(record: Record, identity: Identity) -> dict[str, Any]:
    """The container's first process."""
    host, config = record.host_config, record.config
    described = {
        "terminal": config.tty,
        "user": identity.to_oci(),
        "args": record.argv,
        "env": environment(record, identity),
        "cwd": config.working_dir or "/",
        "oomScoreAdj": host.oom_score_adj,
        "noNewPrivileges": no_new_privileges(host),
        "capabilities": capability_sets(granted(host), identity),
    }
    if config.tty and host.console_size and any(host.console_size):
        described["consoleSize"] = {"height": host.console_size[0], "width": host.console_size[1]}
    if host.ulimits:
        described["rlimits"] = [
            {"type": f"RLIMIT_{limit.name.upper()}", "soft": _unsigned(limit.soft), "hard": _unsigned(limit.hard)}
            for limit in host.ulimits
        ]
    return described


def environment(record: Record, identity: Identity) -> list[str]:
    """PATH, HOSTNAME, TERM and HOME, then what the image and the user set; the last of one name wins."""
    base = [_PATH, f"HOSTNAME={record.config.hostname}"]
    if record.config.tty:
        base.append("TERM=xterm")
    return merge_environment([*base, f"HOME={identity.home}"], record.config.env or ())


def merge_environment(base: Sequence[str], *layers: Sequence[str]) -> list[str]:
    """One entry a name, at the place of its first mention; an entry without `=` unsets its name."""
    merged: dict[str, str | None] = {}
    for entry in (*base, *(entry for layer in layers for entry in layer)):
        name, equals, _ = entry.partition("=")
        merged[name] = entry if equals else None
    return [entry for entry in merged.values() if entry is not None]


def granted(host: HostConfig) -> list[str]:
    return capabilities.effective_set(host.cap_add or (), host.cap_drop or (), privileged=host.privileged)


def capability_sets(names: Sequence[str], identity: Identity) -> dict[str, list[str]]:
    """Nothing inheritable or ambient (CVE-2022-24769); a user other than root starts without effective ones."""
    effective = list(names) if identity.uid == 0 else []
    return {"bounding": list(names), "effective": effective, "permitted": effective}


def _linux(record: Record, around: Surroundings) -> dict[str, Any]:
    host = record.host_config
    linux: dict[str, Any] = {
        "cgroupsPath": around.cgroup_path,
        "namespaces": _namespaces(host, around),
        "resources": _resources(host),
        "sysctl": _sysctls(host, around),
        "maskedPaths": [] if host.privileged else _paths(host.masked_paths, MASKED_PATHS),
        "readonlyPaths": [] if host.privileged else _paths(host.readonly_paths, READONLY_PATHS),
    }
    if host.privileged:
        linux["devices"] = _host_devices()
    if (filter_ := _seccomp(host)) is not None:
        linux["seccomp"] = filter_
    return linux


def _namespaces(host: HostConfig, around: Surroundings) -> list[dict[str, str]]:
    kinds = [{"type": "mount"}]
    if around.network_namespace is not None:
        kinds.append({"type": "network", "path": str(around.network_namespace)})
    kinds += [{"type": kind} for kind, mode in (("uts", host.uts_mode), ("pid", host.pid_mode)) if mode != "host"]
    if host.ipc_mode != "host":
        kinds.append({"type": "ipc"})
    if around.cgroup_v2 and host.cgroupns_mode != "host" and not host.privileged:
        kinds.append({"type": "cgroup"})
    return kinds


def _sysctls(host: HostConfig, around: Surroundings) -> dict[str, str]:
    """In a network namespace of its own a container may bind low ports and ping without privileges, as in Docker."""
    own_network = around.network_namespace is not None
    defaults = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"}
    return {**(defaults if own_network else {}), **(host.sysctls or {})}


def _resources(host: HostConfig) -> dict[str, Any]:
    devices = [{"allow": True, "access": "rwm"}] if host.privileged else list(_DEVICE_RULES)
    resources: dict[str, Any] = {"devices": devices, "memory": _memory(host), "cpu": _cpu(host)}
    if host.pids_limit is not None and host.pids_limit != 0:
        resources["pids"] = {"limit": host.pids_limit}
    return resources


def _memory(host: HostConfig) -> dict[str, int]:
    """Bytes. Without a limit of its own, swap is limited to as much again as memory, as in Docker."""
    memory: dict[str, int] = {}
    if host.memory:
        memory |= {"limit": host.memory, "swap": host.memory_swap or 2 * host.memory}
    if host.memory_reservation:
        memory["reservation"] = host.memory_reservation
    if host.memory_swappiness is not None and host.memory_swappiness >= 0:
        memory["swappiness"] = host.memory_swappiness
    return memory


def _cpu(host: HostConfig) -> dict[str, Any]:
    period = 100_000  # microseconds, the kernel's own default
    quota = {"period": period, "quota": host.nano_cpus * period // 10**9} if host.nano_cpus else {}
    wanted = {
        "shares": host.cpu_shares,
        "period": host.cpu_period,
        "quota": host.cpu_quota,
        "cpus": host.cpuset_cpus,
        "mems": host.cpuset_mems,
    }
    return quota | {name: value for name, value in wanted.items() if value}


def _seccomp(host: HostConfig) -> dict[str, Any] | None:
    profile = next((option[8:] for option in host.security_opt or () if option.startswith("seccomp=")), None)
    if host.privileged or profile == "unconfined":
        return None
    names = tuple(granted(host))
    return seccomp.custom_filter(profile, names) if profile else seccomp.default_filter(names)


def no_new_privileges(host: HostConfig) -> bool:
    return any(option in {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"}
               for option in host.security_opt or ())  # fmt: skip


def _mounts(record: Record, around: Surroundings) -> list[dict[str, Any]]:
    host = record.host_config
    volumes = [_volume(mounted) for mounted in record.mounts]
    volumes += [_tmpfs(target, options) for target, options in (host.tmpfs or {}).items()]
    taken = {mount["destination"] for mount in volumes}
    files = [
        {"destination": f"/etc/{name}", "type": "bind", "source": str(around.files / name),
         "options": ["rbind", "rprivate"]}
        for name in ("resolv.conf", "hostname", "hosts")
    ]  # fmt: skip
    system = [*_system_mounts(host, around), *files]
    return [
        *(mount for mount in system if mount["destination"] not in taken),
        *sorted(volumes, key=lambda mount: mount["destination"].count("/")),
    ]


def _system_mounts(host: HostConfig, around: Surroundings) -> list[dict[str, Any]]:
    guarded = ["nosuid", "noexec", "nodev"]
    sys_mode = [] if host.privileged else ["ro"]
    shm = ["mode=1777", f"size={host.shm_size or DEFAULT_SHM_SIZE}"]
    rows: list[tuple[str, str, str, list[str]]] = [
        ("/proc", "proc", "proc", guarded),
        ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        ("/dev/pts", "devpts", "devpts",
         ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
        ("/sys", "sysfs", "sysfs", [*guarded, *sys_mode]),
        ("/sys/fs/cgroup", "cgroup", "cgroup", [*guarded, *sys_mode]),
    ]  # fmt: skip
    if around.network_namespace is None:
        # sysfs belongs to the network namespace it is mounted in; the host's can only be bound.
        rows[3] = ("/sys", "bind", "/sys", ["rbind", *guarded, *sys_mode])
    if host.ipc_mode == "host":
        rows += [(path, "bind", path, ["rbind", *guarded]) for path in ("/dev/mqueue", _SHM)]
    else:
        rows += [("/dev/mqueue", "mqueue", "mqueue", guarded), (_SHM, "tmpfs", "shm", [*guarded, *shm])]
    return [
        {"destination": target, "type": kind, "source": source, "options": options}
        for target, kind, source, options in rows
    ]


def _volume(mounted: MountedVolume) -> dict[str, Any]:
    if mounted.kind == "tmpfs":
        options = [*mounted.options, *(["ro"] if mounted.read_only else [])]
        return {"destination": mounted.destination, "type": "tmpfs", "source": "tmpfs", "options": options}
    options = ["rbind", "ro" if mounted.read_only else "rw", mounted.propagation or "rprivate"]
    return {"destination": mounted.destination, "type": "bind", "source": mounted.source, "options": options}


def _tmpfs(target: str, options: str) -> dict[str, Any]:
    given = [option for option in options.split(",") if option]
    defaults = ["noexec", "nosuid", "nodev"]
    kept = [option for option in defaults if option.removeprefix("no") not in given and option not in given]
    return {"destination": target, "type": "tmpfs", "source": "tmpfs", "options": [*kept, *given]}


def _paths(given: Sequence[str] | None, default: Sequence[str]) -> list[str]:
    return list(default if given is None else given)


def _unsigned(limit: int) -> int:
    """-1 stands for no limit: RLIM_INFINITY."""
    return limit if limit >= 0 else 2**64 - 1


def _host_devices() -> list[dict[str, Any]]:
    """Every device node of the host's /dev, for a privileged container; ptys and shared memory are its own."""
    devices = []
    for folder, folders, names in os.walk("/dev"):
        folders[:] = [name for name in folders if name not in {"pts", "shm", "mqueue", "fd"}]
        paths = [Path(folder, name) for name in names if name != "console"]
        devices += [described for path in paths if (described := _device(path)) is not None]
    return devices


def _device(path: Path) -> dict[str, Any] | None:
    status = path.lstat()
    kind = "c" if stat.S_ISCHR(status.st_mode) else "b" if stat.S_ISBLK(status.st_mode) else None
    if kind is None:
        return None
    return {
        "path": str(path),
        "type": kind,
        "major": os.major(status.st_rdev),
        "minor": os.minor(status.st_rdev),
        "fileMode": stat.S_IMODE(status.st_mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
    }
