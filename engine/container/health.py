"""What is known of a container's health, and the rules by which a probe's result changes it (Docker's)."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from msgspec import Struct

from engine.container.config import ContainerConfig
from engine.errors import InvalidParameter
from engine.image.config import Healthcheck

#: Results that are remembered, and bytes of output that each keeps.
LOG_LIMIT: Final = 5
OUTPUT_LIMIT: Final = 4096
_SECOND: Final = 1_000_000_000
_SHORTEST: Final = 1_000_000  # nanoseconds: Docker's minimum for each time
_SHELL: Final = ("/bin/sh", "-c")


class HealthStatus(Enum):
    """The words of Docker's API. NONE is what has no check; it is never stored."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class ProbeResult(Struct, frozen=True, kw_only=True):
    """How one probe went. Times are Unix nanoseconds; the code is -1 for a probe that was not run to its end."""

    start: int
    end: int
    exit_code: int
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """How to look after one container: a health check with all defaults filled in. Times in seconds."""

    argv: tuple[str, ...]
    interval: float
    timeout: float
    start_period: float
    start_interval: float
    retries: int

    @classmethod
    def of(cls, config: ContainerConfig) -> "Check | None":
        """None where there is no check, or it is switched off."""
        said = config.healthcheck
        argv = _argv(said.test or [], tuple(config.shell or _SHELL)) if said else ()
        if said is None or not argv:
            return None
        return cls(
            argv=argv,
            interval=_seconds(said.interval, 30),
            timeout=_seconds(said.timeout, 30),
            start_period=_seconds(said.start_period, 0),
            start_interval=_seconds(said.start_interval, 5),
            retries=said.retries or 3,
        )


class Health(Struct, kw_only=True):
    """A container's health since its start; `log` has the last results, the newest at the end."""

    status: HealthStatus = HealthStatus.STARTING
    failing_streak: int = 0
    log: tuple[ProbeResult, ...] = ()

    def begin(self) -> None:
        """The container starts anew; what former probes said is kept."""
        self.status, self.failing_streak = HealthStatus.STARTING, 0

    def take(self, result: ProbeResult, check: Check, *, started: int) -> bool:
        """Count a probe's result; True when it changes the status. `started` is the container's, in nanoseconds.

        A failure does not count within the start period while no probe has succeeded yet.
        """
        before = self.status
        self.log = (*self.log, result)[-LOG_LIMIT:]
        if result.exit_code == 0:
            self.status, self.failing_streak = HealthStatus.HEALTHY, 0
        elif before is not HealthStatus.STARTING or result.start - started >= check.start_period * _SECOND:
            self.failing_streak += 1
            if self.failing_streak >= check.retries:
                self.status = HealthStatus.UNHEALTHY
        return self.status is not before

    def pause_s(self, check: Check, ran_s: float) -> float:
        """Seconds to the next probe, in the container that has run for `ran_s`."""
        is_early = self.status is HealthStatus.STARTING and ran_s < check.start_period
        return check.start_interval if is_early else check.interval


def check(said: Healthcheck | None) -> None:
    """Raise InvalidParameter, in Docker's words, for a health check that can't be."""
    if said is None:
        return
    times = {
        "Interval": said.interval,
        "Timeout": said.timeout,
        "StartPeriod": said.start_period,
        "StartInterval": said.start_interval,
    }
    for name, value in times.items():
        if value and value < _SHORTEST:
            raise InvalidParameter(f"{name} in Healthcheck cannot be less than 1ms")
    if said.retries < 0:
        raise InvalidParameter("Retries in Healthcheck cannot be negative")
    if said.test and said.test[0] not in {"NONE", "CMD", "CMD-SHELL"}:
        raise InvalidParameter(f"Unknown probe type '{said.test[0]}' (expected 'CMD') in Healthcheck")


def merge(asked: Healthcheck | None, image: Healthcheck | None) -> Healthcheck | None:
    """The request's check, the image's where it is silent."""
    if asked is None or image is None:
        return asked or image
    return Healthcheck(
        test=asked.test or image.test,
        interval=asked.interval or image.interval,
        timeout=asked.timeout or image.timeout,
        start_period=asked.start_period or image.start_period,
        start_interval=asked.start_interval or image.start_interval,
        retries=asked.retries or image.retries,
    )


def _argv(test: list[str], shell: tuple[str, ...]) -> tuple[str, ...]:
    kind, arguments = (test[0], test[1:]) if test else ("NONE", [])
    if kind == "CMD-SHELL":
        return (*shell, *arguments)
    return tuple(arguments) if kind == "CMD" else ()


def _seconds(nanoseconds: int, default: float) -> float:
    return nanoseconds / _SECOND if nanoseconds else default
