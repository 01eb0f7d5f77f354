"""What a container may not do: capabilities, system calls, paths of /proc and /sys."""

from collections.abc import Sequence
from typing import Any, Final

from engine.container import capabilities, seccomp
from engine.container.config import HostConfig
from engine.container.user import Identity

MASKED_PATHS: Final = (
    "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    "/sys/devices/virtual/powercap",
)  # fmt: skip
READONLY_PATHS: Final = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")


def granted(host: HostConfig) -> list[str]:
    return capabilities.effective_set(host.cap_add or (), host.cap_drop or (), privileged=host.privileged)


def capability_sets(names: Sequence[str], identity: Identity) -> dict[str, list[str]]:
    """Nothing inheritable or ambient (CVE-2022-24769); a user other than root starts without effective ones."""
    effective = list(names) if identity.uid == 0 else []
    return {"bounding": list(names), "effective": effective, "permitted": effective}


def seccomp_filter(host: HostConfig, *, knows_new_calls: bool) -> dict[str, Any] | None:
    """See `seccomp.default_filter`; None for no filter."""
    profile = next((option[8:] for option in host.security_opt or () if option.startswith("seccomp=")), None)
    if host.privileged or profile == "unconfined":
        return None
    names = tuple(granted(host))
    if profile:
        return seccomp.custom_filter(profile, names)
    return seccomp.default_filter(names, knows_new_calls=knows_new_calls)


def no_new_privileges(host: HostConfig) -> bool:
    return any(option in {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"}
               for option in host.security_opt or ())  # fmt: skip


def masked_paths(host: HostConfig) -> list[str]:
    return [] if _all_paths(host) else _paths(host.masked_paths, MASKED_PATHS)


def readonly_paths(host: HostConfig) -> list[str]:
    return [] if _all_paths(host) else _paths(host.readonly_paths, READONLY_PATHS)


def _all_paths(host: HostConfig) -> bool:
    return host.privileged or "systempaths=unconfined" in (host.security_opt or ())


def _paths(given: Sequence[str] | None, default: Sequence[str]) -> list[str]:
    return list(default if given is None else given)
