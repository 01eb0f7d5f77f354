"""Races that a real engine loses too seldom to be tested on one."""

import asyncio
from typing import Any

from engine import tasks
from engine.container.config import ContainerConfig, HostConfig
from engine.container.container import Container
from engine.container.lifecycle import Lifecycle
from engine.container.record import Record, State
from engine.container.state import Status
from engine.execdriver.driver import Running


async def nobody() -> Any:
    raise ConnectionError


async def test_a_restart_under_way_does_not_forget_that_the_user_wants_it_down():
    lifecycle = Lifecycle.__new__(Lifecycle)
    record = Record(
        id="a" * 64, name="again", created=1, image_id="i", image_name="i", config=ContainerConfig(),
        host_config=HostConfig(), state=State(status=Status.RESTARTING),
    )  # fmt: skip
    container, owner = Container(record, nobody), set[asyncio.Task[Any]]()
    async with container.lock:  # a restart has begun
        calling = tasks.spawn(lifecycle.call_off(container), name="call off", owner=owner)
        await asyncio.sleep(0)
        record.state.run(record.name, Running(1, 2, 3))
        assert not record.state.manually_stopped
    await calling
    assert (record.state.status, record.state.manually_stopped) == (Status.RUNNING, True)
