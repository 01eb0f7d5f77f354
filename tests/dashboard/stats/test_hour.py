"""The collector and the sockets, with a real Redis; only the engine is a stand-in."""

from collections.abc import AsyncIterator

import pytest
from pytest_django.fixtures import Settings
from redis.asyncio import Redis

from dashboard.access import sockets
from dashboard.hosts import following
from dashboard.hosts.models import Host
from dashboard.stats import consumer, history
from dashboard.stats.collector import collect_once
from dashboard.stats.history import KEPT, WHOLE_HOST
from dashboard.stats.usage import Point
from tests.dashboard.socket import Socket
from tests.dashboard.standin import StandIn, inspected, listed
from tests.support.redis import RedisServer

CONTAINER = "a" * 64


@pytest.fixture
async def redis(settings: Settings, redis_server: RedisServer) -> AsyncIterator[Redis]:
    settings.REDIS_URL = redis_server.url
    async with Redis.from_url(redis_server.url) as client:
        yield client
        await client.delete(*(f"portside.stats.{name}.{one}" for name in ("local", "x") for one in (CONTAINER, "")))


def counters(seconds: int, cpu: int) -> dict[str, object]:
    return {
        "read": f"2026-05-28T20:26:{seconds:02d}Z",
        "cpu_stats": {"cpu_usage": {"total_usage": cpu}},
        "memory_stats": {"usage": 1_000},
    }


async def test_a_round_adds_rates_of_each_container_and_of_the_host(
    transactional_db: None, local: Host, standin: StandIn, redis: Redis
) -> None:
    standin.containers = [listed(CONTAINER, "web")]
    standin.stats = {CONTAINER: [counters(10, 0)]}
    before = await collect_once(redis, local, {})
    assert await history.read(redis, local, CONTAINER) == []
    standin.stats = {CONTAINER: [counters(20, 5_000_000_000)]}
    await collect_once(redis, local, before)
    (row,) = await history.read(redis, local, CONTAINER)
    assert row[1:3] == [50.0, 1_000]
    assert [whole[1] for whole in await history.read(redis, local, WHOLE_HOST)] == [0, 50.0]


async def test_an_hour_is_kept_and_then_forgotten(redis: Redis) -> None:
    host = Host(name="x")
    for number in range(KEPT + 5):
        await history.add(redis, host, {CONTAINER: Point(float(number), 0, 0, 0, 0, 0, 0, 0)})
    rows = await history.read(redis, host, CONTAINER)
    assert (len(rows), rows[0][0]) == (KEPT, 5.0)
    assert 0 < await redis.ttl(f"portside.stats.x.{CONTAINER}") <= 3600


async def test_a_page_gets_what_was_and_then_what_comes(
    local: Host, standin: StandIn, redis: Redis, cookie: bytes
) -> None:
    standin.details = {CONTAINER: inspected(CONTAINER, "web")}
    standin.stats = {CONTAINER: [counters(10, 0), counters(11, 1_000_000_000)]}
    await history.add(redis, local, {CONTAINER: Point(5.0, 1.5, 0, 0, 0, 0, 0, 0)})
    async with Socket(f"/ws/hosts/local/containers/{CONTAINER}/stats/", cookie) as socket:
        assert await socket.hear() == {"rows": [[5.0, 1.5, 0, 0, 0, 0, 0, 0]]}
        told = await socket.hear()
        assert told["rows"][0][1:3] == [100.0, 1_000]
        assert await socket.hear() is None
    assert socket.code == following.ENDED


async def test_a_container_that_is_not_there(local: Host, redis: Redis, cookie: bytes) -> None:
    async with Socket("/ws/hosts/local/containers/nothing/stats/", cookie) as socket:
        assert await socket.hear() is None
    assert socket.code == sockets.NOT_FOUND


async def test_the_host_s_own(local: Host, redis: Redis, cookie: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "STEP_SECONDS", 0.1)
    async with Socket("/ws/hosts/local/stats/", cookie) as socket:
        for time in (5.0, 6.0):
            await history.add(redis, local, {WHOLE_HOST: Point(time, 1.5, 0, 0, 0, 0, 0, 0)})
            assert [row[0] for row in (await socket.hear())["rows"]] == [time]
