"""What the kernel counts for a control group and for a network namespace: cgroup v1 (also hybrid), v2, /proc/PID/net.

Pure reading. A file that is not there (a controller that is off, a group that has just gone) counts nothing.
"""

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine.linux.cgroups import is_v2

#: The kernel's word for "no limit" in numbers: v1 shows the largest page-aligned number, v2 the word `max`.
UNLIMITED: Final = (1 << 64) - 1
_ROOT: Final = Path("/sys/fs/cgroup")
_TICK: Final = 10_000_000  # nanoseconds in a clock tick (USER_HZ is 100 on every architecture of Linux's ABI)
_MICROSECOND: Final = 1000
_NET_FIELDS: Final = {"rx_bytes": 0, "rx_packets": 1, "rx_errors": 2, "rx_dropped": 3,
                      "tx_bytes": 8, "tx_packets": 9, "tx_errors": 10, "tx_dropped": 11}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Processor:
    """Times in nanoseconds; `per_cpu` is empty on v2, which does not count so."""

    total: int
    user: int
    system: int
    per_cpu: tuple[int, ...] = ()
    periods: int = 0
    throttled_periods: int = 0
    throttled_time: int = 0


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Bytes; `usage` counts the page cache too. `peak` and `failures` are v1's alone. `details`: memory.stat."""

    usage: int
    limit: int
    peak: int = 0
    failures: int = 0
    details: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One kind of block I/O on one device; `value` counts bytes or operations."""

    major: int
    minor: int
    op: str
    value: int


@dataclass(frozen=True, kw_only=True)
class Counters:
    """All of one control group at one time. `pids_limit` is UNLIMITED where there is none (0 on v1, as in Docker)."""

    processor: Processor
    memory: Memory
    pids: int
    pids_limit: int
    io_bytes: tuple[Transfer, ...]
    io_operations: tuple[Transfer, ...]


def read(path: str) -> Counters:
    """The counters of the cgroup `path`, as in /proc/PID/cgroup (such as /portside/ID)."""
    return read_v2(_ROOT / path.lstrip("/")) if is_v2() else read_v1(_ROOT, path)


def read_v1(root: Path, path: str) -> Counters:
    """From v1's hierarchies, each mounted below `root` by its controller's name."""
    cpu, cpuacct, memory, pids, blkio = (
        root / controller / path.lstrip("/") for controller in ("cpu", "cpuacct", "memory", "pids", "blkio")
    )
    times, throttling = _table(cpuacct / "cpuacct.stat"), _table(cpu / "cpu.stat")
    return Counters(
        processor=Processor(
            total=_number(cpuacct / "cpuacct.usage"),
            user=times.get("user", 0) * _TICK,
            system=times.get("system", 0) * _TICK,
            per_cpu=tuple(int(text) for text in _text(cpuacct / "cpuacct.usage_percpu").split()),
            periods=throttling.get("nr_periods", 0),
            throttled_periods=throttling.get("nr_throttled", 0),
            throttled_time=throttling.get("throttled_time", 0),
        ),
        memory=Memory(
            usage=_number(memory / "memory.usage_in_bytes"),
            limit=_number(memory / "memory.limit_in_bytes"),
            peak=_number(memory / "memory.max_usage_in_bytes"),
            failures=_number(memory / "memory.failcnt"),
            details=_table(memory / "memory.stat"),
        ),
        pids=_number(pids / "pids.current"),
        pids_limit=_number(pids / "pids.max", unlimited=0),
        io_bytes=_transfers_v1(blkio, "io_service_bytes"),
        io_operations=_transfers_v1(blkio, "io_serviced"),
    )


def read_v2(group: Path) -> Counters:
    """From the folder of a group in the unified hierarchy."""
    times, io = _table(group / "cpu.stat"), _text(group / "io.stat")
    return Counters(
        processor=Processor(
            total=times.get("usage_usec", 0) * _MICROSECOND,
            user=times.get("user_usec", 0) * _MICROSECOND,
            system=times.get("system_usec", 0) * _MICROSECOND,
            periods=times.get("nr_periods", 0),
            throttled_periods=times.get("nr_throttled", 0),
            throttled_time=times.get("throttled_usec", 0) * _MICROSECOND,
        ),
        memory=Memory(
            usage=_number(group / "memory.current"),
            limit=_number(group / "memory.max", unlimited=UNLIMITED),
            details=_table(group / "memory.stat"),
        ),
        pids=_number(group / "pids.current"),
        pids_limit=_number(group / "pids.max", unlimited=UNLIMITED),
        io_bytes=tuple(_transfers_v2(io, {"rbytes": "read", "wbytes": "write"})),
        io_operations=tuple(_transfers_v2(io, {"rios": "read", "wios": "write"})),
    )


def interfaces(pid: int) -> dict[str, dict[str, int]]:
    """The counters of each network interface that the process `pid` sees, but for the loopback."""
    found = {}
    for line in _text(Path(f"/proc/{pid}/net/dev")).splitlines()[2:]:
        name, _, numbers = line.partition(":")
        if (name := name.strip()) != "lo":
            values = numbers.split()
            found[name] = {key: int(values[at]) for key, at in _NET_FIELDS.items()}
    return found


def system_time(stat: str) -> int:
    """Nanoseconds that all of the host's processors have spent, idle ones too; `stat` is the text of /proc/stat."""
    first = stat.partition("\n")[0].split()
    return sum(int(ticks) for ticks in first[1:8]) * _TICK


def _transfers_v1(group: Path, what: str) -> tuple[Transfer, ...]:
    """`MAJOR:MINOR OP VALUE` a line: of the I/O scheduler where it counts, else of the throttling layer."""
    for name in (f"blkio.bfq.{what}_recursive", f"blkio.{what}_recursive", f"blkio.throttle.{what}_recursive"):
        found = tuple(_parse_v1(_text(group / name)))
        if found:
            return found
    return ()


def _parse_v1(text: str) -> Iterable[Transfer]:
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 3:
            major, _, minor = fields[0].partition(":")
            yield Transfer(major=int(major), minor=int(minor), op=fields[1].lower(), value=int(fields[2]))


def _transfers_v2(text: str, wanted: Mapping[str, str]) -> Iterable[Transfer]:
    """`MAJOR:MINOR key=value…` a line."""
    for line in text.splitlines():
        device, *pairs = line.split()
        major, _, minor = device.partition(":")
        for key, _, value in (pair.partition("=") for pair in pairs):
            if key in wanted:
                yield Transfer(major=int(major), minor=int(minor), op=wanted[key], value=int(value))


def _table(path: Path) -> dict[str, int]:
    rows = (line.split() for line in _text(path).splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2}


def _number(path: Path, *, unlimited: int = 0) -> int:
    text = _text(path).strip()
    return unlimited if text == "max" else int(text or 0)


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""
