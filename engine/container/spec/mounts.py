"""What is mounted into a container, in the order in which it is."""

from pathlib import Path
from typing import Any, Final

from engine.container import init
from engine.container.config import HostConfig
from engine.container.mounts.tmpfs import merged_options
from engine.container.record import MountedVolume, Record
from engine.container.spec.surroundings import Surroundings
from engine.linux import syscalls

_SHM: Final = "/dev/shm"  # noqa: S108 -- in the container, a mount of its own
DEFAULT_SHM_SIZE: Final = 64 << 20


def mounts(record: Record, around: Surroundings) -> list[dict[str, Any]]:
    host = record.host_config
    volumes = [_volume(mounted, around.parts.get(mounted.destination)) for mounted in record.mounts]
    volumes += [_tmpfs(target, options) for target, options in (host.tmpfs or {}).items()]
    taken = {mount["destination"] for mount in volumes}
    files = [
        {"destination": f"/etc/{name}", "type": "bind", "source": str(around.files / name),
         "options": ["rbind", "rprivate"]}
        for name in ("resolv.conf", "hostname", "hosts")
    ]  # fmt: skip
    system = [*_system_mounts(host, around), *files, *([_init()] if host.init else [])]
    return [
        *(mount for mount in system if mount["destination"] not in taken),
        *sorted(volumes, key=lambda mount: mount["destination"].count("/")),
    ]


def _system_mounts(host: HostConfig, around: Surroundings) -> list[dict[str, Any]]:
    guarded = ["nosuid", "noexec", "nodev"]
    sys_mode = [] if host.privileged else ["ro"]
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
    rows += _ipc_mounts(host, around)
    return [
        {"destination": target, "type": kind, "source": source, "options": options}
        for target, kind, source, options in rows
    ]


def _ipc_mounts(host: HostConfig, around: Surroundings) -> list[tuple[str, str, str, list[str]]]:
    """Message queues are seen through any mount of their namespace; memory is the mount itself, so that is shared."""
    guarded = ["nosuid", "noexec", "nodev"]
    if host.ipc_mode == "host":
        return [(path, "bind", path, ["rbind", *guarded]) for path in ("/dev/mqueue", _SHM)]
    queues = ("/dev/mqueue", "mqueue", "mqueue", guarded)
    if host.ipc_mode == "none":
        return [queues]
    if around.shared_memory is not None:
        return [queues, (_SHM, "bind", str(around.shared_memory), ["bind", "rprivate", *guarded])]
    size = f"size={host.shm_size or DEFAULT_SHM_SIZE}"
    return [queues, (_SHM, "tmpfs", "shm", [*guarded, "mode=1777", size])]


def _init() -> dict[str, Any]:
    options = ["bind", "ro", "rprivate"]
    return {"destination": init.TARGET, "type": "bind", "source": str(init.program()), "options": options}


def _volume(mounted: MountedVolume, part: Path | None) -> dict[str, Any]:
    if mounted.kind == "tmpfs":
        options = [*mounted.options, *(["ro"] if mounted.read_only else [])]
        return {"destination": mounted.destination, "type": "tmpfs", "source": "tmpfs", "options": options}
    options = [*(mounted.options or ("rbind",)), _access(mounted), mounted.propagation or "rprivate"]
    return {
        "destination": mounted.destination,
        "type": "bind",
        "source": str(part or mounted.source),
        "options": options,
    }


def _access(mounted: MountedVolume) -> str:
    """Read-only goes for what is mounted below the source too, where the kernel can do that, as in Docker."""
    if not mounted.read_only:
        return "rw"
    return "ro" if mounted.shallow_read_only or not syscalls.has_mount_setattr() else "rro"


def _tmpfs(target: str, options: str) -> dict[str, Any]:
    words = [*merged_options(options.split(","))]
    return {"destination": target, "type": "tmpfs", "source": "tmpfs", "options": words}
