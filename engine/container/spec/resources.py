"""The control groups' part: limits, and which devices may be used."""

from typing import Any

from engine.container.config import HostConfig
from engine.container.spec.devices import DEFAULT_RULES


def resources(host: HostConfig) -> dict[str, Any]:
    devices = [{"allow": True, "access": "rwm"}] if host.privileged else list(DEFAULT_RULES)
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
