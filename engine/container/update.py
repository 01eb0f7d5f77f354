"""`docker update`: a container's limits and restart policy, changed while it is there, running or not."""

from typing import Any, Final

import msgspec

from engine.container import restart
from engine.container.checks.limits import check_limits
from engine.container.config import HostConfig
from engine.container.config.update import Update
from engine.errors import Conflict, InvalidParameter

#: What excludes each other: the wish, what the container has already, and both names in Docker's words.
_EXCLUSIVE: Final = (
    ("nano_cpus", "cpu_period", "Nano CPUs", "CPU Period"),
    ("nano_cpus", "cpu_quota", "Nano CPUs", "CPU Quota"),
    ("cpu_period", "nano_cpus", "CPU Period", "NanoCPUs"),
    ("cpu_quota", "nano_cpus", "CPU Quota", "NanoCPUs"),
)


def updated(host: HostConfig, update: Update) -> HostConfig:
    """The host part with the update's wishes in it.

    Raises InvalidParameter for a value that can't be and Conflict for one that what is already set stands against,
    in Docker's words (container/container_unix.go, UpdateContainer).
    """
    restart.check(update.restart_policy)
    check_limits(_alone(update))
    _check_conflicts(host, update)
    changed = msgspec.structs.replace(host, **_wishes(host, update))
    check_limits(changed)
    return changed


def has_limits(update: Update) -> bool:
    """Is there anything that the kernel has to be told?"""
    return msgspec.structs.replace(update, restart_policy=Update().restart_policy) != Update()


def _alone(update: Update) -> HostConfig:
    """The update's limits by themselves, with enough around them that each is held against its own bounds only."""
    given = {name: getattr(update, name) for name in update.__struct_fields__ if name != "memory_swap"}
    return HostConfig(**given, memory_swap=update.memory_swap if update.memory else 0)


def _wishes(host: HostConfig, update: Update) -> dict[str, Any]:
    given = {name: getattr(update, name) for name in update.__struct_fields__}
    wishes = {name: value for name, value in given.items() if value and name != "restart_policy"}
    if update.pids_limit is not None:
        wishes["pids_limit"] = update.pids_limit or -1
    if update.restart_policy.name:
        wishes["restart_policy"] = update.restart_policy
    if update.memory and not update.memory_swap:
        wishes["memory_swap"] = _swap_of(host)  # what it was, also where it had been left to the default
    return wishes


def _check_conflicts(host: HostConfig, update: Update) -> None:
    for wish, present, wished, there in _EXCLUSIVE:
        if getattr(update, wish) > 0 and getattr(host, present) > 0:
            raise Conflict(f"Conflicting options: {wished} cannot be updated as {there} has already been set")
    if update.nano_cpus and (update.cpu_period or update.cpu_quota):
        raise InvalidParameter("Conflicting options: Nano CPUs and CPU Period or Quota cannot both be set")
    swap = _swap_of(host)
    if update.memory and not update.memory_swap and swap >= 0 and update.memory > swap:
        raise Conflict(
            "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time"
        )
    if host.auto_remove and restart.is_set(update.restart_policy):
        raise Conflict("Restart policy cannot be updated because AutoRemove is enabled for the container")


def _swap_of(host: HostConfig) -> int:
    """Memory and swap together, in bytes: twice the memory unless it was said otherwise."""
    return host.memory_swap or 2 * host.memory
