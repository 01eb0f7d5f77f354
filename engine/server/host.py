"""What `info` tells of the host: read from /proc, /sys and /etc, once a request."""

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from engine.linux import cgroups

_ROOT: Final = Path("/sys/fs/cgroup")
#: The fields of `info` that tell which limits the kernel can hold: the file in v1's hierarchy, the controller in v2.
_LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    "MemoryLimit": ("memory/memory.limit_in_bytes", "memory"),
    "SwapLimit": ("memory/memory.memsw.limit_in_bytes", "memory"),
    "CpuCfsPeriod": ("cpu/cpu.cfs_period_us", "cpu"),
    "CpuCfsQuota": ("cpu/cpu.cfs_quota_us", "cpu"),
    "CPUShares": ("cpu/cpu.shares", "cpu"),
    "CPUSet": ("cpuset/cpuset.cpus", "cpuset"),
    "PidsLimit": ("pids", "pids"),
    "OomKillDisable": ("memory/memory.oom_control", ""),
}
#: What the docker CLI prints below `info` where a limit is missing, in moby's words.
_MISSING: Final[Mapping[str, str]] = {
    "MemoryLimit": "No memory limit support",
    "SwapLimit": "No swap limit support",
    "CpuCfsPeriod": "No cpu cfs period support",
    "CpuCfsQuota": "No cpu cfs quota support",
    "CPUShares": "No cpu shares support",
    "CPUSet": "No cpuset support",
    "PidsLimit": "No pids limit support",
}


def limits() -> dict[str, bool]:
    """Which limits the kernel can hold for a container, by the names that `info` has for them."""
    if not cgroups.is_v2():
        return {name: (_ROOT / file).exists() for name, (file, _) in _LIMITS.items()}
    controllers = (_ROOT / "cgroup.controllers").read_text().split()
    return {name: controller in controllers for name, (_, controller) in _LIMITS.items()}


def warnings(found: Mapping[str, bool]) -> list[str]:
    """What a user should know of the limits that are missing, and of a host that forwards nothing."""
    missing = [f"WARNING: {text}" for name, text in _MISSING.items() if not found[name]]
    return missing + ([] if forwards_ipv4() else ["WARNING: IPv4 forwarding is disabled"])


def forwards_ipv4() -> bool:
    return Path("/proc/sys/net/ipv4/ip_forward").read_text().strip() == "1"


def facts() -> dict[str, Any]:
    """The machine and its system."""
    release = _os_release()
    return {
        "Name": platform.node(),
        "KernelVersion": platform.release(),
        "OperatingSystem": release.get("PRETTY_NAME", "Linux"),
        "OSVersion": release.get("VERSION_ID", ""),
        "OSType": "linux",
        "Architecture": platform.machine(),
        "NCPU": len(os.sched_getaffinity(0)),
        "MemTotal": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": "2" if cgroups.is_v2() else "1",
        "IPv4Forwarding": forwards_ipv4(),
        "NFd": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - names are counted, no paths are made
    }


def _os_release() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
