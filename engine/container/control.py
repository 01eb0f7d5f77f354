"""Talking a container into another state, or other limits: stop, kill, pause, unpause, update."""

import asyncio
import contextlib
import signal
from typing import Final

from engine.container import update
from engine.container.checks import kernel
from engine.container.config.update import Update
from engine.container.container import Container
from engine.container.lifecycle import Lifecycle, Parts
from engine.container.record import State
from engine.container.signals import signal_number
from engine.container.spec.resources import resources
from engine.container.state import Status, move
from engine.errors import Conflict, EngineError, NotModified

#: Seconds between the stop signal and SIGKILL when neither request nor image says otherwise.
DEFAULT_STOP_TIMEOUT: Final = 10
#: Seconds in which a killed process must be gone; one in the kernel's uninterruptible sleep is not.
_KILL_PATIENCE: Final = 15


class Control:
    """Sends signals, and waits for what they bring about. The container's lock is not held by callers."""

    def __init__(self, parts: Parts, lifecycle: Lifecycle) -> None:
        self._parts = parts
        self._lifecycle = lifecycle

    async def stop(self, container: Container, *, seconds: int | None = None, stop_signal: str | None = None) -> None:
        """Ask the process to end, kill it after `seconds` (below 0: never). Raises NotModified when stopped."""
        config = container.record.config
        number = signal_number(stop_signal or config.stop_signal or "SIGTERM")
        if not container.status.is_up:
            raise NotModified(f"container {container.id} is already stopped")
        await self._lifecycle.call_off(container)
        patience = next(value for value in (seconds, config.stop_timeout, DEFAULT_STOP_TIMEOUT) if value is not None)
        if container.status.has_process:
            await self._send(container, number)
        if not await _ends_within(container, None if patience < 0 else patience):
            await self._send(container, signal.SIGKILL)
            if not await _ends_within(container, _KILL_PATIENCE):
                raise EngineError(f"cannot stop container: {container.name}: tried to kill it, but it did not end")
        self._parts.events.publish("container", "stop", container.id, container.attributes())

    async def kill(self, container: Container, signal_name: str = "SIGKILL") -> None:
        """Send a signal. Raises Conflict when there is no process, InvalidParameter for no signal."""
        number = signal_number(signal_name or "SIGKILL")
        if not container.status.is_up:
            raise Conflict(f"cannot kill container: {container.name}: container {container.id} is not running")
        if number == signal.SIGKILL or number == _stop_signal(container) or not container.record.config.stop_signal:
            await self._lifecycle.call_off(container)
        if container.status.has_process:
            await self._send(container, number)
        if number == signal.SIGKILL and not await _ends_within(container, _KILL_PATIENCE):
            raise EngineError(f"cannot kill container: {container.name}: it did not end")

    async def pause(self, container: Container) -> None:
        async with container.lock:
            state = running_state(container, "pause")
            if state.status is Status.PAUSED:
                raise Conflict(f"Container {container.id} is already paused")
            await self._lifecycle.health.unwatch(container)
            await self._parts.execution.pause(container.id)
            state.status = move(container.id, state.status, Status.PAUSED)
            await self._lifecycle.ledger.save_surely(container)
        self._parts.events.publish("container", "pause", container.id, container.attributes())

    async def unpause(self, container: Container) -> None:
        async with container.lock:
            if container.status is not Status.PAUSED:
                raise Conflict(f"Container {container.id} is not paused")
            await self._parts.execution.resume(container.id)
            container.record.state.status = move(container.id, Status.PAUSED, Status.RUNNING)
            await self._lifecycle.ledger.save_surely(container)
            self._lifecycle.health.watch(container)
        self._parts.events.publish("container", "unpause", container.id, container.attributes())

    async def update(self, container: Container, wishes: Update) -> list[str]:
        """Change limits and restart policy, at once where it runs; returns warnings.

        Raises InvalidParameter and Conflict for what can't be, EngineError when the kernel refuses: then nothing is
        changed.
        """
        async with container.lock:
            if container.status in {Status.REMOVING, Status.DEAD}:
                raise Conflict(
                    f'Cannot update container {container.id}: container is marked for removal and cannot be "update"'
                )
            record = container.record
            try:
                changed, warnings = kernel.adapt(update.updated(record.host_config, wishes))
            except Conflict as error:
                raise Conflict(f"Cannot update container {container.id}: {error.message}") from error
            if container.status.has_process and update.has_limits(wishes):
                limits = resources(changed, ())
                await self._parts.execution.update(container.id, self._lifecycle.files.bundle(container.id), limits)
            record.host_config = changed
            await self._lifecycle.save(container)
        self._parts.events.publish("container", "update", container.id, container.attributes())
        return warnings

    async def _send(self, container: Container, number: int) -> None:
        """Signal the process; a frozen one is thawed when it is to die, or the signal would wait for ever."""
        self._parts.execution.signal(container.record.state.running, number)
        self._parts.events.publish("container", "kill", container.id, container.attributes(signal=str(number)))
        if container.status is Status.PAUSED and number in {signal.SIGKILL, signal.SIGTERM}:
            with contextlib.suppress(Conflict):
                await self.unpause(container)


def check_not_restarting(container: Container) -> None:
    """Raise Conflict, in Docker's words, for a container that has no process just now."""
    if container.status is Status.RESTARTING:
        raise Conflict(f"Container {container.id} is restarting, wait until the container is running")


def running_state(container: Container, what: str) -> State:
    """The state of a container that has a process; raises Conflict, saying what it was wanted for, otherwise."""
    check_not_restarting(container)
    if not container.status.has_process:
        raise Conflict(f"cannot {what} container {container.id}: container {container.id} is not running")
    return container.record.state


def _stop_signal(container: Container) -> int:
    return signal_number(container.record.config.stop_signal or "SIGTERM")


async def _ends_within(container: Container, seconds: float | None) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await container.ended.wait()
    except TimeoutError:
        return False
    return True
