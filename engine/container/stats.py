"""`docker stats`: what a container uses, in the shape of Docker's StatsResponse."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.container.container import Container
from engine.container.view import rfc3339
from engine.linux import counters
from engine.linux.counters import Counters, Transfer

#: Seconds between two samples of a stream, as in Docker.
INTERVAL_S: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """All counters of a running container at one time (Unix nanoseconds)."""

    taken: int
    cgroup: Counters
    networks: dict[str, dict[str, int]]
    system_time: int
    cpus: int
    host_memory: int


def take(cgroup_path: str, pid: int, *, shares_host: bool) -> Sample:
    """Read the counters now (some ten small files). `pid` is one of the container's, for its network namespace."""
    stat = Path("/proc/stat").read_text()
    return Sample(
        taken=time.time_ns(),
        cgroup=counters.read(cgroup_path),
        networks={} if shares_host else counters.interfaces(pid),
        system_time=counters.system_time(stat),
        cpus=os.cpu_count() or 1,
        host_memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    )


def to_json(container: Container, sample: Sample | None, before: Sample | None) -> dict[str, Any]:
    """Docker's StatsResponse; without a sample, that of a container that does not run."""
    named = {"name": f"/{container.name}", "id": container.id}
    if sample is None:
        return named | _empty()
    group = sample.cgroup
    document = named | {
        "read": rfc3339(sample.taken),
        "preread": rfc3339(before.taken if before else 0),
        "pids_stats": {"current": group.pids, **({"limit": group.pids_limit} if group.pids_limit else {})},
        "blkio_stats": _block(group.io_bytes, group.io_operations),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": _processor(sample),
        "precpu_stats": _processor(before) if before else _NO_PROCESSOR,
        "memory_stats": _memory(sample),
    }
    return document | ({"networks": sample.networks} if sample.networks else {})


async def follow(container: Container, sample: Callable[[], Sample | None]) -> AsyncGenerator[dict[str, Any], None]:
    """A document a second for as long as somebody reads; `sample` gives None while the container does not run."""
    before: Sample | None = None
    while True:
        now = await asyncio.to_thread(sample)
        yield to_json(container, now, before)
        before = now
        await asyncio.sleep(INTERVAL_S)


_NO_PROCESSOR: Final[dict[str, Any]] = {
    "cpu_usage": {"total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0},
    "throttling_data": {"periods": 0, "throttled_periods": 0, "throttled_time": 0},
}


def _empty() -> dict[str, Any]:
    return {
        "read": rfc3339(0),
        "preread": rfc3339(0),
        "pids_stats": {},
        "blkio_stats": dict.fromkeys(_block((), ())),
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": _NO_PROCESSOR,
        "precpu_stats": _NO_PROCESSOR,
        "memory_stats": {},
    }


def _processor(sample: Sample) -> dict[str, Any]:
    times = sample.cgroup.processor
    usage: dict[str, Any] = {
        "total_usage": times.total,
        "usage_in_kernelmode": times.system,
        "usage_in_usermode": times.user,
    }
    if times.per_cpu:
        usage["percpu_usage"] = list(times.per_cpu)
    return {
        "cpu_usage": usage,
        "system_cpu_usage": sample.system_time,
        "online_cpus": sample.cpus,
        "throttling_data": {
            "periods": times.periods,
            "throttled_periods": times.throttled_periods,
            "throttled_time": times.throttled_time,
        },
    }


def _memory(sample: Sample) -> dict[str, Any]:
    """The usage is the kernel's, cache and all: clients subtract `inactive_file`, as the docker CLI does. A container
    without a limit has the host's memory for one."""
    memory = sample.cgroup.memory
    limit = min(memory.limit, sample.host_memory) or sample.host_memory
    optional = {"max_usage": memory.peak, "failcnt": memory.failures}
    return {
        "usage": memory.usage,
        **{name: value for name, value in optional.items() if value},
        "stats": dict(memory.details),
        "limit": limit,
    }


def _block(sizes: tuple[Transfer, ...], operations: tuple[Transfer, ...]) -> dict[str, Any]:
    """Only two of Docker's eight lists are still counted by kernels; the others are `null`, as in Docker."""
    others = ("io_queue_recursive", "io_service_time_recursive", "io_wait_time_recursive", "io_merged_recursive",
              "io_time_recursive", "sectors_recursive")  # fmt: skip
    return {
        "io_service_bytes_recursive": [_transfer(each) for each in sizes],
        "io_serviced_recursive": [_transfer(each) for each in operations],
        **dict.fromkeys(others),
    }


def _transfer(transfer: Transfer) -> dict[str, Any]:
    return {"major": transfer.major, "minor": transfer.minor, "op": transfer.op, "value": transfer.value}
