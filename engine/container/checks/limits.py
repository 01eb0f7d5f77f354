"""Limits: their bounds and which exclude each other, in Docker's words."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from engine.container.config import HostConfig
from engine.errors import InvalidParameter

_LOWEST_MEMORY: Final = 6 << 20
_WEIGHTS: Final = range(10, 1001)


def check_limits(host: HostConfig) -> None:
    """Raises InvalidParameter."""
    _check_memory(host)
    _check_cpus(host)
    _check_block_io(host)
    if not -1000 <= host.oom_score_adj <= 1000:
        raise InvalidParameter(f"Invalid value {host.oom_score_adj}, range for oom score adj is [-1000, 1000]")


def _check_memory(host: HostConfig) -> None:
    if host.memory and host.memory < _LOWEST_MEMORY:
        raise InvalidParameter("Minimum memory limit allowed is 6MB")
    if host.memory_swap > 0 and not host.memory:
        raise InvalidParameter("You should always set the Memory limit when using Memoryswap limit, see usage")
    if 0 < host.memory_swap < host.memory:
        raise InvalidParameter("Minimum memoryswap limit should be larger than memory limit, see usage")
    if 0 < host.memory_reservation < _LOWEST_MEMORY:
        raise InvalidParameter("Minimum memory reservation allowed is 6MB")
    if host.memory and host.memory_reservation > host.memory:
        raise InvalidParameter("Minimum memory limit can not be less than memory reservation limit, see usage")
    swappiness = host.memory_swappiness
    if swappiness is not None and not -1 <= swappiness <= 100:
        raise InvalidParameter(f"Invalid value: {swappiness}, valid memory swappiness range is 0-100")


def _check_cpus(host: HostConfig) -> None:
    cores = os.cpu_count() or 1
    if host.nano_cpus and not 10_000_000 <= host.nano_cpus <= cores * 10**9:
        raise InvalidParameter(f"range of CPUs is from 0.01 to {cores}.00, as there are only {cores} CPUs available")
    if host.nano_cpus and (host.cpu_quota or host.cpu_period):
        raise InvalidParameter("Conflicting options: Nano CPUs and CPU Period or Quota cannot both be set")
    if host.cpu_shares < 0:
        raise InvalidParameter(f"invalid CPU shares ({host.cpu_shares}): value must be a positive integer")
    if host.cpu_period and not 1000 <= host.cpu_period <= 1_000_000:
        raise InvalidParameter("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
    if 0 < host.cpu_quota < 1000:
        raise InvalidParameter("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    for what, text in (("CPUs", host.cpuset_cpus), ("memory nodes", host.cpuset_mems)):
        _check_cpuset(what, text)


def _check_cpuset(what: str, text: str) -> None:
    """A list such as `0-2,5`; bounds are checked as numbers, nothing is expanded (CVE-2018-20699)."""
    for part in text.split(",") if text else ():
        low, dash, high = part.partition("-")
        if not low.isdigit() or (dash and not high.isdigit()) or int(high or low) > 8191 or int(high or low) < int(low):
            raise InvalidParameter(f"Invalid value {text} for cpuset {what}")


def _check_block_io(host: HostConfig) -> None:
    weights = [(None, host.blkio_weight), *((device.path, device.weight) for device in host.blkio_weight_device or ())]
    for path, weight in weights:
        if weight and weight not in _WEIGHTS:
            of = f" of {path}" if path else ""
            raise InvalidParameter(f"Range of blkio weight{of} is from 10 to 1000")
    _check_devices(path for path, _ in weights if path)
    limits = (
        host.blkio_device_read_bps,
        host.blkio_device_write_bps,
        host.blkio_device_read_iops,
        host.blkio_device_write_iops,
    )
    _check_devices(device.path for devices in limits for device in devices or ())


def _check_devices(paths: Iterable[str]) -> None:
    for path in paths:
        if not Path(path).is_block_device():
            problem = "it is no block device" if Path(path).exists() else "no such file or directory"
            raise InvalidParameter(f"a limit for the device {path}: {problem}")
