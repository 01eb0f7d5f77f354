"""Logs and wait; attach has its tests in `test_hijack`."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.container.container import WaitCondition, WaitResult
from engine.container.logs import LogOptions
from engine.container.streams import Chunk, Stream
from engine.errors import NotFound
from tests.engine.server.conftest import Serve

BOTH = [Chunk(Stream.STDOUT, b"out\n"), Chunk(Stream.STDERR, b"err\n")]


class Containers:
    """One container with a log and an end."""

    def __init__(self, *, tty: bool = False) -> None:
        self.tty = tty
        self.options: list[LogOptions] = []
        self.conditions: list[WaitCondition] = []
        self.future: asyncio.Future[WaitResult] = asyncio.get_running_loop().create_future()
        self.left = asyncio.Event()

    def is_tty(self, ref: str) -> bool:
        if ref != "c1":
            raise NotFound(f"No such container: {ref}")
        return self.tty

    async def logs(self, _: str, options: LogOptions) -> AsyncIterator[Chunk]:
        self.options.append(options)
        for chunk in BOTH:
            yield chunk
        if options.follow:
            try:
                await asyncio.Event().wait()
            finally:
                self.left.set()

    def wait(self, ref: str, condition: WaitCondition) -> asyncio.Future[WaitResult]:
        self.is_tty(ref)
        self.conditions.append(condition)
        return self.future


@pytest.mark.parametrize(
    ("version", "tty", "kind", "body"),
    [
        ("1.48", False, "multiplexed", b"\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n"),
        ("1.41", False, "raw", b"\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n"),
        ("1.48", True, "raw", b"out\nerr\n"),
    ],
)
async def test_logs(serve: Serve, version: str, tty: bool, kind: str, body: bytes):
    api = await serve(containers=Containers(tty=tty))
    async with api.http.get(f"/v{version}/containers/c1/logs?stdout=1") as response:
        assert response.headers["Content-Type"] == f"application/vnd.docker.{kind}-stream"
        assert await response.read() == body


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("stdout=1&tail=all", LogOptions(stdout=True, stderr=False)),
        ("stdout=1&tail=-1", LogOptions(stdout=True, stderr=False)),
        ("stdout=1&tail=", LogOptions(stdout=True, stderr=False)),
        ("stderr=1&tail=10&timestamps=1", LogOptions(stdout=False, stderr=True, timestamps=True, tail=10)),
        ("stdout=1&tail=0", LogOptions(stdout=True, stderr=False, tail=0)),
        ("stdout=1&since=5.5&until=6", LogOptions(stdout=True, stderr=False, since=5_500_000_000, until=6_000_000_000)),
    ],
)
async def test_log_options(serve: Serve, query: str, options: LogOptions):
    containers = Containers()
    api = await serve(containers=containers)
    async with api.http.get(f"/containers/c1/logs?{query}") as response:
        await response.read()
    assert containers.options == [options]


async def test_logs_are_refused_before_anything_is_sent(serve: Serve):
    api = await serve(containers=Containers())
    assert await api.get("/containers/c2/logs?stdout=1") == (404, {"message": "No such container: c2"})
    status, answer = await api.get("/containers/c1/logs?stdout=1&tail=many")
    assert (status, answer["message"]) == (400, "invalid value 'many' for tail: a whole number is expected")


async def test_follower_that_goes_is_noticed(serve: Serve):
    containers = Containers()
    api = await serve(containers=containers)
    async with await api.connect() as wire:
        wire.send(b"GET /containers/c1/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: d\r\n\r\n")
        await wire.head()
        await wire.reader.readuntil(b"err\n")
    await containers.left.wait()


async def test_wait_answers_at_once_and_tells_later(serve: Serve):
    containers = Containers()
    api = await serve(containers=containers)
    async with await api.connect() as wire:
        wire.send(b"POST /containers/c1/wait?condition=next-exit HTTP/1.1\r\nHost: d\r\n\r\n")
        status, headers = await wire.head()
        assert (status, headers["content-type"]) == ("HTTP/1.1 200 OK", "application/json")
        assert containers.conditions == [WaitCondition.NEXT_EXIT]
        containers.future.set_result(WaitResult(137))
        assert b'{"StatusCode":137}' in await wire.reader.readuntil(b"\r\n0\r\n\r\n")


async def test_wait_tells_what_went_wrong(serve: Serve):
    containers = Containers()
    containers.future.set_result(WaitResult(125, "it never started"))
    api = await serve(containers=containers)
    answer = await api.post("/containers/c1/wait")
    assert answer == (200, {"StatusCode": 125, "Error": {"Message": "it never started"}})
    assert containers.conditions == [WaitCondition.NOT_RUNNING]


async def test_wait_refuses(serve: Serve):
    api = await serve(containers=Containers())
    assert await api.post("/containers/c2/wait") == (404, {"message": "No such container: c2"})
    assert await api.post("/containers/c1/wait?condition=x") == (400, {"message": 'invalid condition: "x"'})


async def test_waiter_that_goes_is_forgotten(serve: Serve):
    containers = Containers()
    api = await serve(containers=containers)
    async with await api.connect() as wire:
        wire.send(b"POST /containers/c1/wait HTTP/1.1\r\nHost: d\r\n\r\n")
        await wire.head()
    with pytest.raises(asyncio.CancelledError):
        await containers.future
