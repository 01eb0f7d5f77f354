import json
import time
from typing import Any

import pytest

from engine.events import EventBus
from tests.engine.server.client import Api, Wire
from tests.engine.server.conftest import Serve


@pytest.fixture
def bus() -> EventBus:
    return EventBus()


@pytest.fixture
async def api(serve: Serve, bus: EventBus) -> Api:
    return await serve(events=bus)


async def follow(wire: Wire, query: str = "") -> None:
    """Ask for the events; returns when the answer has begun."""
    wire.send(f"GET /events{query} HTTP/1.1\r\nHost: d\r\n\r\n".encode())
    status, headers = await wire.head()
    assert status == "HTTP/1.1 200 OK"
    assert headers["content-type"] == "application/json"


async def next_event(wire: Wire) -> Any:
    """One chunk (RFC 9112, 7.1) is one event: each is sent as soon as it happens."""
    size = int(await wire.reader.readline(), 16)
    return json.loads((await wire.reader.readexactly(size + 2))[:size])


async def past(api: Api, query: str) -> list[str]:
    async with api.http.get(f"/events{query}") as response:
        return [json.loads(line)["Action"] async for line in response.content]


async def test_events_come_as_they_happen(api: Api, bus: EventBus):
    bus.publish("container", "create", "c0")
    async with await api.connect() as wire:
        await follow(wire)
        bus.publish("container", "start", "c1", {"name": "web", "image": "nginx"})
        event = await next_event(wire)
        assert (event["Type"], event["Action"], event["from"]) == ("container", "start", "nginx")
        assert event["Actor"] == {"ID": "c1", "Attributes": {"name": "web", "image": "nginx"}}
        bus.publish("volume", "create", "data")
        assert (await next_event(wire))["Type"] == "volume"


async def test_filtered(api: Api, bus: EventBus):
    async with await api.connect() as wire:
        await follow(wire, '?filters={"type":["volume"]}')
        bus.publish("container", "start", "c1")
        bus.publish("volume", "create", "data")
        assert (await next_event(wire))["Actor"]["ID"] == "data"


async def test_since_and_until(api: Api, bus: EventBus):
    bus.publish("container", "create", "c1")
    middle = time.time_ns()
    bus.publish("container", "start", "c1")
    now = time.time_ns()
    assert await past(api, f"?since=0&until={now / 1e9:.9f}") == ["create", "start"]
    assert await past(api, f"?until={now / 1e9:.9f}") == ["create", "start"]
    stamp = f"{middle // 10**9}.{middle % 10**9:09d}"
    assert await past(api, f"?since={stamp}&until={now // 10**9 + 1}") == ["start"]
    assert await past(api, f"?since=1&until={stamp}") == ["create"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?since=5&until=2", "`since` time (5) cannot be after `until` time (2)"),
        ("?since=abc", "invalid value 'abc' for since: a Unix time is expected"),
        ('?filters={"x":["y"]}', "invalid filter 'x'"),
    ],
)
async def test_refusals(api: Api, query: str, message: str):
    assert await api.get(f"/events{query}") == (400, {"message": message})


async def test_client_that_goes_is_forgotten(api: Api, bus: EventBus):
    async with await api.connect() as wire:
        await follow(wire)
        assert len(bus._listeners) == 1
    while bus._listeners:
        async with api.http.get("/_ping"):
            pass


async def test_engine_that_goes_down_ends_the_stream(api: Api):
    async with await api.connect() as wire:
        await follow(wire)
        await api.listener.close()
        assert await wire.rest() == b""
