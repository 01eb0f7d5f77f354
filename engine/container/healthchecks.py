"""Looking after containers: one task for each that runs and has a health check."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from engine import tasks
from engine.container.container import Container
from engine.container.health import Check, Health, HealthStatus, ProbeResult
from engine.container.state import Status
from engine.events import EventBus


class Prober(Protocol):
    """What runs a probe; `engine.container.probe` has the one that there is."""

    async def run(self, container: Container, check: Check) -> ProbeResult:
        """Run the check's command in the container; kill it when its time is over, or when this is cancelled."""

    def sweep(self, container: Container) -> None:
        """Kill the probe that a dead engine left in the container."""


class Healthchecks:
    """`save` writes a container's record. A prober is given before the first container starts."""

    def __init__(self, events: EventBus, save: Callable[[Container], Awaitable[None]]) -> None:
        self.prober: Prober | None = None
        self._events = events
        self._save = save
        self._watches: dict[str, asyncio.Task[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def prepare(self, container: Container) -> None:
        """The container is about to start: nothing is known of its health yet. The caller saves the record."""
        state = container.record.state
        if Check.of(container.record.config) is None:
            state.health = None
            return
        state.health = state.health or Health()
        state.health.begin()

    def watch(self, container: Container) -> None:
        """The container runs: probe it from now on, if it has a check."""
        check, health = Check.of(container.record.config), container.record.state.health
        if check is not None and health is not None:
            probing = self._probe(container, check, health)
            watch = tasks.spawn(probing, name=f"health of {container.id}", owner=self._tasks)
            self._watches[container.id] = watch

    def adopt(self, container: Container) -> None:
        """The same for a container that a former engine had started: its health is as that engine knew it."""
        if container.record.state.health is not None and self.prober is not None:
            self.prober.sweep(container)
        if container.status is Status.RUNNING:
            self.watch(container)

    async def unwatch(self, container: Container) -> None:
        """Probe no more (the end, or a pause). What nobody looks at counts as unhealthy, as in Docker."""
        watch = self._watches.pop(container.id, None)
        if watch is None:
            return
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        if (health := container.record.state.health) is not None:
            health.status = HealthStatus.UNHEALTHY

    async def close(self) -> None:
        """Let go; the next engine goes on from what the records say."""
        await tasks.cancel_all(self._tasks)

    async def _probe(self, container: Container, check: Check, health: Health) -> None:
        if self.prober is None:
            raise RuntimeError("a container with a health check was started before there is a prober")
        started = container.record.state.started
        while True:
            await asyncio.sleep(health.pause_s(check, (time.time_ns() - started) / 1e9))
            result = await self.prober.run(container, check)
            changed = health.take(result, check, started=started)
            await self._save(container)
            if changed:
                action = f"health_status: {health.status.value}"
                self._events.publish("container", action, container.id, container.attributes())
