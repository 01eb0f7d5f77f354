"""The writer and its stream, on a Redis that may vanish, come back, or belong to somebody else by now."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
from pytest_django.fixtures import Settings
from redis.asyncio import Redis

from dashboard.background import spawn, stop
from dashboard.jobs.output import archive, stream
from dashboard.jobs.output.entries import START, Entry, EntryId, Layer, Level, Line, Moved, decode
from dashboard.jobs.output.redact import MASK, Redactor
from dashboard.jobs.output.writer import LOST, Writer, seal
from dashboard.jobs.states import State
from tests.support.jobs import Console, use
from tests.support.redis import RedisServer


@pytest.fixture
def job() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
async def redis(console: Console) -> AsyncIterator[Redis]:
    async with contextlib.aclosing(stream.connect()) as client:
        yield client


@pytest.fixture
def own_redis(settings: Settings, console: Console) -> Iterator[RedisServer]:
    """A Redis that the test may kill."""
    with RedisServer() as server:
        use(settings, Console(console.home, server.url))
        yield server


async def streamed(redis: Redis, job: uuid.UUID) -> list[Entry]:
    return [entry for _id, entry in await stream.load(redis, job)]


def texts(entries: list[Entry]) -> list[str]:
    """The lines of the log."""
    return [line for entry in entries if isinstance(entry, Line) for line in entry.text.split("\n")]


def archived(job: uuid.UUID) -> list[Entry]:
    return [decode(data) for _id, data in archive.read(job, START)]


async def test_the_stream_holds_each_line_and_of_each_layer_the_last_word(redis, job) -> None:
    out = await Writer.resume(redis, job, attempt=1, is_first=True)
    out.line("one\ntwo", Level.NOTICE)
    for percent in range(100):
        out.layer("abc", "Downloading", percent, 100)
        if percent % 10 == 0:
            await out.flush()
    out.layer("def", "Waiting")
    await out.flush()
    entries = await streamed(redis, job)
    assert texts(entries) == ["one", "two"]
    assert [(e.layer, e.order, e.current) for e in entries if isinstance(e, Layer)] == [("abc", 0, 99), ("def", 1, 0)]
    assert await redis.xlen(stream.key_of(job)) == 3
    assert 0 < await redis.ttl(stream.key_of(job)) <= stream.UNATTENDED


async def test_secrets_and_endless_lines_do_not_pass(redis, job) -> None:
    out = await Writer.resume(redis, job, attempt=1, is_first=True, redact=Redactor(["hunter22"]))
    out.line("pw=hunter22")
    out.line("x" * 100_000)
    out.moved(State.FAILED, "refused hunter22")
    await out.flush()
    entries = await streamed(redis, job)
    assert texts(entries)[0] == f"pw={MASK}"
    assert len(texts(entries)[1]) < 10_000
    assert isinstance(entries[-1], Moved)
    assert entries[-1].error == f"refused {MASK}"


async def test_a_flushed_redis_gets_everything_again_under_the_same_ids(redis, job) -> None:
    out = await Writer.resume(redis, job, attempt=1, is_first=True)
    out.line("before")
    out.layer("abc", "Downloading", 1, 2)
    await out.flush()
    before = await stream.read(redis, job, START, count=10)
    await redis.delete(stream.key_of(job))
    await out.flush()
    assert await stream.read(redis, job, START, count=10) == before
    await redis.delete(stream.key_of(job))
    out.line("after")
    await out.flush()
    assert (
        await stream.read(redis, job, before[-1][0], count=10) == (await stream.read(redis, job, START, count=10))[-1:]
    )
    assert texts(await streamed(redis, job)) == ["before", "after"]


async def test_a_restart_of_redis_loses_nothing_while_the_worker_lives(own_redis: RedisServer, job) -> None:
    async with contextlib.aclosing(stream.connect()) as redis:
        out = await Writer.resume(redis, job, attempt=1, is_first=True)
        out.line("before")
        await out.flush()
        own_redis.kill()
        out.line("meanwhile")
        await out.flush()
        with RedisServer(own_redis.directory):
            out.line("after")
            await out.flush()
            assert texts(await streamed(redis, job)) == ["before", "meanwhile", "after"]
            await out.close(State.SUCCEEDED)
    assert texts(archived(job)) == ["before", "meanwhile", "after"]


async def test_a_job_that_ends_while_redis_is_away_is_archived_all_the_same(own_redis: RedisServer, job) -> None:
    async with contextlib.aclosing(stream.connect()) as redis:
        out = await Writer.resume(redis, job, attempt=1, is_first=True)
        out.line("said")
        own_redis.kill()
        await out.close(State.FAILED, "why")
    assert texts(archived(job)) == ["said"]
    last = archived(job)[-1]
    assert isinstance(last, Moved)
    assert (last.state, last.error) == (State.FAILED, "why")


async def test_an_answer_that_was_lost_is_no_harm(redis, job) -> None:
    """Redis took the entries, but the connection broke before it said so."""
    out = await Writer.resume(redis, job, attempt=1, is_first=True)
    out.line("one")
    await out.flush()
    out.line("two")
    out._settle()
    ((id_, data),) = list(out._transcript.after(EntryId(1, 1)))
    await redis.xadd(stream.key_of(job), {stream.FIELD: data}, id=str(id_))
    out.line("three")
    await out.flush()
    await out.flush()
    assert texts(await streamed(redis, job)) == ["one", "two", "three"]


async def test_redis_refuses_an_attempt_that_was_superseded(redis, job) -> None:
    old = await Writer.resume(redis, job, attempt=1, is_first=True)
    old.line("old")
    await old.flush()
    new = await Writer.resume(redis, job, attempt=2, is_first=False)
    new.line("new")
    await new.flush()
    old.line("a dead man's word")
    await old.flush()
    await old.flush()
    new.line("newer")
    await new.flush()
    assert texts(await streamed(redis, job)) == ["old", "new", "newer"]


async def test_what_was_lost_is_said(redis, job) -> None:
    out = await Writer.resume(redis, job, attempt=2, is_first=False)
    await out.flush()
    assert [(entry.text, entry.level) for entry in await streamed(redis, job) if isinstance(entry, Line)] == [
        (LOST, "notice")
    ]


async def test_the_pump_copies_while_the_job_works(redis, job) -> None:
    out = await Writer.resume(redis, job, attempt=1, is_first=True)
    pump = spawn(out.pump(), name="pump")
    out.line("hello")
    while not (found := await stream.wait(redis, job, START, seconds=1)):
        pass
    await stop(pump)
    assert texts([decode(found[0][1])]) == ["hello"]


async def test_close_archives_all_and_lets_the_stream_go(redis, job) -> None:
    out = await Writer.resume(redis, job, attempt=1, is_first=True)
    out.line("said")
    await out.close(State.SUCCEEDED)
    assert archived(job) == await streamed(redis, job)
    assert 0 < await redis.ttl(stream.key_of(job)) <= stream.AFTERGLOW


async def test_seal_ends_what_nobody_holds_and_does_it_once(redis, job) -> None:
    out = await Writer.resume(redis, job, attempt=1, is_first=True)
    out.line("said")
    await out.flush()
    for _ in range(2):
        await seal(job, attempts=1, state=State.LOST, error="gone")
    entries = archived(job)
    assert texts(entries) == ["said"]
    assert [entry.state for entry in entries if isinstance(entry, Moved)] == [State.LOST]
    assert entries == await streamed(redis, job)
