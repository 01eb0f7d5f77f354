"""The socket of a log, with a stand-in for the engine."""

import pytest

from dashboard.access.sockets import BAD_REQUEST, NOT_FOUND
from dashboard.containers.logs.frames import Stream
from dashboard.hosts.following import ENDED, TRY_AGAIN
from dashboard.hosts.models import Host
from tests.dashboard.containers.logs.test_frames import framed
from tests.dashboard.socket import Socket
from tests.dashboard.standin import StandIn, inspected

T1, T2 = "2026-01-02T03:04:05.000000001Z", "2026-01-02T03:04:05.000000002Z"
LOGS = "/ws/hosts/local/containers/abc/logs/"


@pytest.fixture
def container(cookie: bytes, local: Host, standin: StandIn) -> StandIn:
    standin.details["abc"] = inspected("abc", "web")
    pieces = [(Stream.STDOUT, f"{T1} <b>é</b>\n".encode()), (Stream.STDERR, f"{T2} last".encode())]
    standin.logs = framed(pieces)
    return standin


async def test_lines_come_and_the_end_is_told(container: StandIn, cookie: bytes) -> None:
    lines: list[list[object]] = []
    async with Socket(LOGS, cookie) as socket:
        while message := await socket.hear():
            lines += message["lines"]
    assert lines == [[1, T1, "<b>é</b>"], [2, T2, "last"]]
    assert socket.code == ENDED


async def test_a_page_that_comes_back_asks_for_what_it_has_not(container: StandIn, cookie: bytes) -> None:
    async with Socket(f"{LOGS}?since={T1}", cookie) as socket:
        await socket.hear()
    assert container.log_queries[0]["since"] == "1767323045.000000002"
    assert "tail" not in container.log_queries[0]


async def test_with_a_terminal_there_are_no_frames(container: StandIn, cookie: bytes) -> None:
    container.details["abc"] = inspected("abc", "web", tty=True)
    container.logs = f"{T1} prompt\r\n".encode()
    async with Socket(LOGS, cookie) as socket:
        assert await socket.hear() == {"lines": [[1, T1, "prompt"]]}


async def test_a_container_that_is_gone_is_not_asked_for_again(container: StandIn, cookie: bytes) -> None:
    container.details.clear()
    async with Socket(LOGS, cookie) as socket:
        assert await socket.hear() is None
    assert (socket.code, socket.reason) == (NOT_FOUND, "No such container: abc")


async def test_a_nonsense_question_is_refused(container: StandIn, cookie: bytes) -> None:
    async with Socket(f"{LOGS}?since=now", cookie) as socket:
        assert await socket.hear() is None
    assert socket.code == BAD_REQUEST


async def test_an_engine_that_is_away_lets_the_page_try_again(container: StandIn, cookie: bytes) -> None:
    await Host.objects.filter(name="local").aupdate(url="unix:///nowhere.sock")
    async with Socket(LOGS, cookie) as socket:
        assert await socket.hear() is None
    assert socket.code == TRY_AGAIN
    assert "not reachable" in socket.reason
