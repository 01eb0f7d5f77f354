import asyncio

import pytest

from engine import events
from engine.events import Event, EventBus


async def take(stream, count):
    return [(await anext(stream)).action for _ in range(count)]


async def test_a_listener_gets_everything_from_its_first_moment_on():
    bus = EventBus()
    bus.publish("container", "create", "x")
    async with bus.subscribe() as stream:
        bus.publish("container", "start", "x")
        bus.publish("container", "die", "x")
        assert await take(stream, 2) == ["start", "die"]


async def test_since_reaches_back_into_the_past():
    bus = EventBus()
    for number in range(events.BACKLOG + 5):
        bus.publish("container", str(number), "x")
    async with bus.subscribe(since=0) as stream:
        assert await take(stream, 1) == ["5"]


async def test_a_listener_that_does_not_keep_up_is_let_go_and_the_publisher_never_waits():
    bus = EventBus()
    async with bus.subscribe() as stream:
        for number in range(events.QUEUE_LIMIT + 1):
            bus.publish("container", str(number), "x")
        received = [event.action async for event in stream]
    assert len(received) == events.QUEUE_LIMIT - 1


async def test_closing_ends_every_listener():
    bus = EventBus()
    async with bus.subscribe() as stream:
        bus.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(anext(stream), 5)


def test_the_json_is_dockers():
    event = Event("container", "start", "id", {"image": "busybox", "name": "n"}, 1_500_000_000)
    assert event.to_json() == {
        "Type": "container", "Action": "start", "scope": "local", "time": 1, "timeNano": 1_500_000_000,
        "Actor": {"ID": "id", "Attributes": {"image": "busybox", "name": "n"}},
        "status": "start", "id": "id", "from": "busybox",
    }  # fmt: skip
    assert "status" not in Event("network", "connect", "id").to_json()
