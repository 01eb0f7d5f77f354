"""The socket of events, with a stand-in for the engine."""

import asyncio

from dashboard.access.sockets import BAD_REQUEST, NOT_FOUND
from dashboard.hosts.following import TRY_AGAIN
from dashboard.hosts.models import Host
from tests.dashboard.socket import Socket
from tests.dashboard.standin import StandIn
from tests.support.waiting import until

ADDRESS = "/ws/hosts/local/events/"


async def test_events_come_as_they_happen(cookie: bytes, local: Host, standin: StandIn) -> None:
    async with Socket(ADDRESS + "?after=1780000000123456788", cookie) as socket:
        await asyncio.to_thread(until, "somebody listens", lambda: standin.listeners == 1)
        standin.emit("volume", "create", "data", timeNano=1780000000123456790)
        heard = await socket.hear()
        assert (heard["kind"], heard["action"], heard["nano"]) == ("volume", "create", "1780000000123456790")
        assert standin.event_queries == [{"since": "1780000000.123456789"}]
    await asyncio.to_thread(until, "nobody listens", lambda: standin.listeners == 0)


async def test_the_page_comes_again_when_the_engine_hangs_up(cookie: bytes, local: Host, standin: StandIn) -> None:
    async with Socket(ADDRESS, cookie) as socket:
        await asyncio.to_thread(until, "somebody listens", lambda: standin.listeners == 1)
        standin.hang_up()
        assert await socket.hear() is None
        assert socket.code == TRY_AGAIN


async def test_an_engine_that_is_away_is_told(cookie: bytes, local: Host) -> None:
    await Host.objects.filter(name="local").aupdate(url="unix:///nowhere.sock")
    async with Socket(ADDRESS, cookie) as socket:
        assert await socket.hear() is None
        assert socket.code == TRY_AGAIN
        assert "Engine not reachable" in socket.reason


async def test_what_can_not_be_read_is_refused(cookie: bytes, local: Host) -> None:
    async with Socket(ADDRESS + "?ago=yesterday", cookie) as socket:
        assert await socket.hear() is None
        assert socket.code == BAD_REQUEST


async def test_an_unknown_host_has_no_events(cookie: bytes) -> None:
    async with Socket("/ws/hosts/nowhere/events/", cookie) as socket:
        assert await socket.hear() is None
        assert socket.code == NOT_FOUND
