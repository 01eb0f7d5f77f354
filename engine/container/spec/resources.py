"""The control groups' part: limits, and which devices may be used."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.container.config import HostConfig, ThrottleDevice
from engine.container.spec.devices import DEFAULT_RULES, parse_rule
from engine.linux import cgroups

_UNLIMITED: Final = -1


def resources(host: HostConfig, devices: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`devices` are the rules for the devices that the container is given (`spec.devices`)."""
    base = [{"allow": True, "access": "rwm"}] if host.privileged else list(DEFAULT_RULES)
    rules = [*base, *devices, *(parse_rule(text) for text in host.device_cgroup_rules or ())]
    found: dict[str, Any] = {"devices": rules, "memory": _memory(host), "cpu": _cpu(host)}
    if host.pids_limit is not None and host.pids_limit != 0:
        found["pids"] = {"limit": host.pids_limit}
    if block_io := _block_io(host):
        found["blockIO"] = block_io
    return found


def _memory(host: HostConfig) -> dict[str, Any]:
    """Bytes. Without a limit of its own, swap is limited to as much again as memory, as in Docker."""
    memory: dict[str, Any] = {}
    if host.memory:
        memory["limit"] = host.memory
        if host.memory_swap != _UNLIMITED or cgroups.has("memory", "memory.memsw.limit_in_bytes"):
            memory["swap"] = host.memory_swap or 2 * host.memory
    if host.memory_reservation:
        memory["reservation"] = host.memory_reservation
    if host.memory_swappiness is not None and host.memory_swappiness >= 0:
        memory["swappiness"] = host.memory_swappiness
    if host.oom_kill_disable:
        memory["disableOOMKiller"] = True
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


def _block_io(host: HostConfig) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "weight": host.blkio_weight,
        "weightDevice": [
            {**_numbers(device.path), "weight": device.weight} for device in host.blkio_weight_device or ()
        ],
        "throttleReadBpsDevice": _throttled(host.blkio_device_read_bps),
        "throttleWriteBpsDevice": _throttled(host.blkio_device_write_bps),
        "throttleReadIOPSDevice": _throttled(host.blkio_device_read_iops),
        "throttleWriteIOPSDevice": _throttled(host.blkio_device_write_iops),
    }
    return {name: value for name, value in wanted.items() if value}


def _throttled(devices: Sequence[ThrottleDevice] | None) -> list[dict[str, int]]:
    return [{**_numbers(device.path), "rate": device.rate} for device in devices or ()]


def _numbers(path: str) -> dict[str, int]:
    number = Path(path).stat().st_rdev
    return {"major": os.major(number), "minor": os.minor(number)}
