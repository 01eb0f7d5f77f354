"""Linux capabilities: Docker's default set, and what `--cap-add` and `--cap-drop` make of it."""

from collections.abc import Iterable, Set
from pathlib import Path
from typing import Final

from engine.errors import InvalidParameter

# fmt: off
#: By number, from linux/capability.h.
ALL: Final = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
    "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
    "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
)
DEFAULT: Final = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID",
    "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL",
    "CAP_AUDIT_WRITE",
)
# fmt: on


def own_bounding_set() -> frozenset[str]:
    """The capabilities that this process could ever hand on (capabilities(7); /proc/self/status)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    mask = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapBnd:"))
    return frozenset(name for number, name in enumerate(ALL) if mask >> number & 1)


def effective_set(add: Iterable[str], drop: Iterable[str], *, privileged: bool) -> list[str]:
    """The container's capabilities, by number.

    `privileged` gives all that the host can give. ALL in `add` or `drop` means each of them. Raises
    InvalidParameter for a name that is none.
    """
    if privileged:
        return _by_number(own_bounding_set())
    added, dropped = {_canonical(name) for name in add}, {_canonical(name) for name in drop}
    everything, nothing = "ALL" in added, "ALL" in dropped
    base = set(own_bounding_set()) if everything else set() if nothing else set(DEFAULT)
    return _by_number((base | added) - dropped)


def _by_number(names: Set[str]) -> list[str]:
    return [name for name in ALL if name in names]


def _canonical(name: str) -> str:
    upper = name.upper()
    if upper == "ALL":
        return upper
    full = upper if upper.startswith("CAP_") else f"CAP_{upper}"
    if full not in ALL:
        raise InvalidParameter(f'invalid capability: "{name}" is not a known capability')
    return full
