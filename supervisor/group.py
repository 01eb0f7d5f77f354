"""The parts that run: started one after the other, watched together, stopped the other way round."""

import signal
import time
from collections.abc import Callable
from typing import Final

from supervisor.part import Part
from supervisor.running import Running
from supervisor.signals import Signals

#: What is tried to end a part, and the seconds until the next: asked, told (celery then drops its tasks), killed.
_STEPS: Final = ((signal.SIGTERM, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


class Stopped(Exception):
    """A signal asked us to stop."""


class PartEnded(Exception):
    """A part ended that should run, or one failed that should end."""

    def __init__(self, running: Running) -> None:
        code = running.exit_code or 0
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        super().__init__(f"{running.part.name} {how}")


class Group:
    """Owns every process that it starts, until `stop()`. All methods but that one raise Stopped at a signal."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._running: list[Running] = []

    def start(self, part: Part) -> None:
        """Returns when `part` is ready; raises PartEnded when it, or another one, ends before."""
        self._running.append(Running(part))
        while not part.is_ready():
            self._watch(0.05)

    def finish(self, part: Part) -> None:
        """Run `part`, which ends by itself; raises PartEnded when it fails."""
        running = Running(part)
        self._running.append(running)
        while running.exit_code is None:
            self._signals.wait(0.05)
            self._raise_if_stopped()
        running.drain()
        if running.exit_code:
            raise PartEnded(running)
        self._running.remove(running)

    def watch(self) -> None:
        """Raises Stopped or PartEnded, whichever comes first."""
        while True:
            self._watch(None)

    def stop(self) -> None:
        """End all of them, last started first; a further signal kills what is left. Returns when all have ended."""
        asked = self._signals.stops
        for running in reversed(self._running):
            for number, seconds in _STEPS:
                if self._ended_by(number, running, seconds, is_hurried=lambda: self._signals.stops > asked):
                    break
                print(f"{running.part.name} still runs {seconds:.0f} s after {number.name}", flush=True)
            running.drain()
        self._running.clear()

    def _ended_by(
        self, number: signal.Signals, running: Running, seconds: float, *, is_hurried: Callable[[], bool]
    ) -> bool:
        running.signal(number)
        deadline = time.monotonic() + seconds
        while running.exit_code is None and time.monotonic() < deadline:
            self._signals.wait(0.05)
            if is_hurried():
                running.signal(signal.SIGKILL)
        return running.exit_code is not None

    def _watch(self, seconds: float | None) -> None:
        self._signals.wait(seconds)
        self._raise_if_stopped()
        for running in self._running:
            if running.exit_code is not None:
                running.drain()
                raise PartEnded(running)

    def _raise_if_stopped(self) -> None:
        if self._signals.stops:
            raise Stopped
