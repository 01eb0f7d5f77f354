"""The followers with a real Redis; only the engine is a stand-in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from channels.layers import get_channel_layer
from pytest_django.fixtures import Settings

from dashboard.background import spawn, stop
from dashboard.hosts import follower
from dashboard.hosts.live import DOWN, UP, Change, Kind
from dashboard.hosts.models import Host
from tests.dashboard.standin import StandIn
from tests.support.redis import RedisServer


@pytest.fixture(autouse=True)
def on_redis(settings: Settings, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = redis_server.url
    settings.CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [redis_server.url]},
        }
    }
    monkeypatch.setattr(follower, "RENEW_SECONDS", 0.1)
    monkeypatch.setattr(follower, "LOCK_SECONDS", 1)
    monkeypatch.setattr(follower, "LAST_RETRY_SECONDS", 0.1)
    monkeypatch.setattr(follower, "FIRST_RETRY_SECONDS", 0.05)


@pytest.fixture
def host(standin: StandIn, request: pytest.FixtureRequest) -> Host:
    # A name for each test: Redis is shared, and a lock lives a moment longer than who held it.
    return Host(name=request.node.name.replace("_", "-")[:60], url=standin.url)


@asynccontextmanager
async def listening(host: Host) -> AsyncIterator[Callable[[], Awaitable[Change]]]:
    """A page's ear on the host's group."""
    layer = get_channel_layer()
    assert layer is not None
    channel = await layer.new_channel()
    await layer.group_add(host.group, channel)

    async def hear() -> Change:
        async with asyncio.timeout(10):
            change = (await layer.receive(channel))["change"]
        return Change(Kind(change["kind"]), change["id"], change["action"])

    yield hear
    await layer.group_discard(host.group, channel)
    await layer.flush()


@asynccontextmanager
async def following(host: Host) -> AsyncIterator[None]:
    task = spawn(follower.follow(host), name="follow")
    try:
        yield
    finally:
        await stop(task)


async def test_pages_hear_what_the_engine_tells(standin: StandIn, host: Host) -> None:
    async with listening(host) as hear, following(host):
        assert await hear() == UP
        standin.emit("container", "exec_start: sh", "abc")
        standin.emit("container", "die", "abc")
        assert await hear() == Change(Kind.CONTAINER, "abc", "die")


async def test_an_engine_that_comes_back_is_told_as_down_and_up(standin: StandIn, host: Host) -> None:
    async with listening(host) as hear, following(host):
        assert await hear() == UP
        standin.hang_up()
        assert await hear() == DOWN
        assert await hear() == UP
        standin.emit("image", "pull", "busybox:latest")
        assert await hear() == Change(Kind.IMAGE, "busybox:latest", "pull")


async def test_of_two_processes_one_follows_and_the_other_takes_over(standin: StandIn, host: Host) -> None:
    async with AsyncExitStack() as first, listening(host) as hear:
        await first.enter_async_context(following(host))
        assert await hear() == UP
        async with following(host):
            await asyncio.sleep(0.5)
            assert standin.listeners == 1
            await first.aclose()
            assert await hear() == UP
            standin.emit("container", "start", "abc")
            assert await hear() == Change(Kind.CONTAINER, "abc", "start")
            assert standin.listeners == 1


async def test_hosts_that_come_and_go_are_noticed(
    transactional_db: None, standin: StandIn, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "ROLL_CALL_SECONDS", 0.1)
    await Host.objects.all().adelete()
    task = spawn(follower.follow_all(), name="follow all")
    async with listening(host) as hear:
        await host.asave()
        assert await hear() == UP
        await host.adelete()
        async with asyncio.timeout(10):
            while standin.listeners:
                await asyncio.sleep(0.02)
    await stop(task)
