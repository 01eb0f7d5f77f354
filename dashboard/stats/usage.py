"""An engine's counters in, rates out."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from django.utils.dateparse import parse_datetime

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Usage:
    """The counters of one container at `time` (Unix seconds): `GET /containers/ID/stats`.

    `cpu` is in nanoseconds of all processors together; memory in bytes, as `docker stats` counts it (without the page
    cache that can be dropped); the transfers in bytes since the container's start.
    """

    time: float
    cpu: int
    memory: int
    received: int
    sent: int
    read: int
    written: int
    pids: int

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self | None:
        """None for a container that does not run: its answer has no time."""
        time = parse_datetime(str(data.get("read") or "")) or _NEVER
        if time.year <= 1:
            return None
        networks = (data.get("networks") or {}).values()
        blocks = (data.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
        return cls(
            time=time.timestamp(),
            cpu=int(((data.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage") or 0),
            memory=_memory(data.get("memory_stats") or {}),
            received=sum(int(network.get("rx_bytes") or 0) for network in networks),
            sent=sum(int(network.get("tx_bytes") or 0) for network in networks),
            read=_blocks(blocks, "read"),
            written=_blocks(blocks, "write"),
            pids=int((data.get("pids_stats") or {}).get("current") or 0),
        )


@dataclass(frozen=True)
class Point:
    """What was used between two times: `cpu` in percent of one processor, transfers in bytes a second."""

    time: float
    cpu: float
    memory: int
    received: float
    sent: float
    read: float
    written: float
    pids: int

    @classmethod
    def between(cls, before: Usage, now: Usage) -> Self | None:
        """None where no time has passed, or where the counters began anew (a restart)."""
        seconds = now.time - before.time
        if seconds <= 0 or now.cpu < before.cpu:
            return None
        return cls(
            time=round(now.time, 1),
            cpu=round((now.cpu - before.cpu) / seconds / 1e7, 2),
            memory=now.memory,
            received=_rate(now.received, before.received, seconds),
            sent=_rate(now.sent, before.sent, seconds),
            read=_rate(now.read, before.read, seconds),
            written=_rate(now.written, before.written, seconds),
            pids=now.pids,
        )

    @classmethod
    def total(cls, points: Iterable[Self], time: float) -> Self:
        """What all together used; nothing where there are none."""
        columns = [sum(column) for column in zip(*(astuple(point)[1:] for point in points), strict=True)]
        return cls(round(time, 1), *columns) if columns else cls(round(time, 1), 0, 0, 0, 0, 0, 0, 0)

    def row(self) -> list[float]:
        """As pages have it: the fields in their order."""
        return list(astuple(self))


def _rate(now: int, before: int, seconds: float) -> float:
    return round(max(now - before, 0) / seconds, 1)


def _memory(stats: Mapping[str, Any]) -> int:
    """Docker's own rule: the inactive file cache is not counted (cgroup v1 and v2 name it differently)."""
    usage = int(stats.get("usage") or 0)
    detail = stats.get("stats") or {}
    cache = int(detail.get("total_inactive_file") or detail.get("inactive_file") or 0)
    return usage - cache if cache < usage else usage


def _blocks(entries: Iterable[Mapping[str, Any]], direction: str) -> int:
    return sum(int(entry.get("value") or 0) for entry in entries if str(entry.get("op", "")).lower() == direction)
