"""What this host's kernel can't hold: discarded with a warning, as Docker does, and in its words."""

from typing import Any, Final

import msgspec

from engine.container.config import HostConfig
from engine.linux import cgroups

_UNSUPPORTED: Final = "Your kernel does not support {} or the cgroup is not mounted. {}"

_NOTHING: Final = HostConfig()
#: Where "no limit" is not what stands for nothing said: that would be twice the memory.
_DISCARDED: Final[dict[str, Any]] = {"memory_swap": -1}


def adapt(host: HostConfig) -> tuple[HostConfig, list[str]]:
    """The limits that can be held, and a warning for each that can't, or that is dangerous."""
    host = msgspec.structs.replace(host, memory_swap=host.memory_swap or 2 * host.memory)
    changes: dict[str, Any] = {}
    warnings: list[str] = []
    for fields, possible, what, outcome in _rows(host):
        asked = {name: getattr(host, name) for name in fields}
        if not possible and any(_is_limit(name, value) for name, value in asked.items()):
            changes |= {name: _DISCARDED.get(name, getattr(_NOTHING, name)) for name in asked}
            warnings.append(_UNSUPPORTED.format(what, outcome))
    adapted = msgspec.structs.replace(host, **changes)
    if adapted.oom_kill_disable and not adapted.memory:
        warnings.append(
            "OOM killer is disabled for the container, but no memory limit is set, "
            "this can result in the system running out of resources."
        )
    return adapted, warnings


def _is_limit(name: str, value: Any) -> bool:
    return bool(value) and not (name in {"memory_swap", "memory_swappiness", "pids_limit"} and value < 0)


def _rows(host: HostConfig) -> tuple[tuple[tuple[str, ...], bool, str, str], ...]:
    """Fields, whether the kernel can hold them, what they are, and what becomes of the wish."""
    has = cgroups.has
    swap = not host.memory or has("memory", "memory.memsw.limit_in_bytes")
    # The runtime writes to whichever of the two schedulers' files there is.
    weight, weights = (
        any(has("blkio", f"blkio.{scheduler}{knob}") for scheduler in ("", "bfq."))
        for knob in ("weight", "weight_device")
    )
    throttled = has("blkio", "blkio.throttle.read_bps_device") or has("io")
    return (
        (("memory_swap",), swap, "swap limit capabilities", "Memory limited without swap."),
        (
            ("memory_reservation",),
            has("memory", "memory.soft_limit_in_bytes"),
            "memory soft limit capabilities",
            "Limitation discarded.",
        ),
        (
            ("memory_swappiness",),
            has("memory", "memory.swappiness", unified=False),
            "memory swappiness capabilities",
            "Memory swappiness discarded.",
        ),
        (
            ("oom_kill_disable",),
            has("memory", "memory.oom_control", unified=False),
            "OomKillDisable",
            "OomKillDisable discarded.",
        ),
        (("pids_limit",), has("pids"), "pids limit capabilities", "PIDs limit discarded."),
        (("cpu_shares",), has("cpu", "cpu.shares"), "CPU shares", "Shares discarded."),
        (("cpuset_cpus", "cpuset_mems"), has("cpuset", "cpuset.cpus"), "cpuset", "Cpuset discarded."),
        (("blkio_weight",), weight or has("io"), "Block I/O weight", "Weight discarded."),
        (("blkio_weight_device",), weights or has("io"), "Block I/O weight_device", "Weight-device discarded."),
        (("blkio_device_read_bps",), throttled, "BPS Block I/O read limit", "Block I/O BPS read limit discarded."),
        (("blkio_device_write_bps",), throttled, "BPS Block I/O write limit", "Block I/O BPS write limit discarded."),
        (("blkio_device_read_iops",), throttled, "IOPS Block read limit", "Block I/O IOPS read limit discarded."),
        (
            ("blkio_device_write_iops",),
            throttled,
            "IOPS Block I/O write limit",
            "Block I/O IOPS write limit discarded.",
        ),
    )
