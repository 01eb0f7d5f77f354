"""Replaying and following, from a stream and from an archive."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashboard.jobs.output import archive, replay, stream
from dashboard.jobs.output.entries import START, EntryId, Level, Line, decode
from dashboard.jobs.output.writer import Writer
from dashboard.jobs.states import State
from tests.support.jobs import Console


@pytest.fixture
async def redis(console: Console, monkeypatch) -> AsyncIterator[Redis]:
    monkeypatch.setattr(replay, "SILENCE", 0.1)
    async with contextlib.aclosing(stream.connect()) as client:
        yield client


async def collect(redis: Redis, job: uuid.UUID, after: EntryId = START) -> list[str]:
    found: list[str] = []
    async for batch in replay.follow(redis, job, after):
        assert len(batch) <= replay.BATCH
        for id_, data in batch:
            entry = decode(data)
            found.append(f"{id_} {entry.text}" if isinstance(entry, Line) else str(id_))
    return found


async def test_one_who_comes_late_and_one_who_was_there_see_the_same(redis) -> None:
    job = uuid.uuid4()
    early = asyncio.get_running_loop().create_task(collect(redis, job))
    await asyncio.sleep(0.3)
    out = await Writer.resume(redis, job, attempt=1, is_first=True)
    for number in range(1201):
        # Of two voices in turn, so that each line is an entry.
        out.line(str(number), Level.OUT if number % 2 else Level.NOTICE)
    await out.flush()
    late = asyncio.get_running_loop().create_task(collect(redis, job))
    await asyncio.sleep(0.3)
    out.line("last")
    await out.close(State.SUCCEEDED)
    after_the_end = await collect(redis, job)
    assert len(after_the_end) == 1203
    assert await early == await late == after_the_end
    assert await collect(redis, job, EntryId(1, 1202)) == ["1-1203"]
    assert await collect(redis, job, EntryId(1, 1203)) == []


async def test_a_follower_whose_stream_expired_finds_the_archive(redis) -> None:
    job = uuid.uuid4()
    out = await Writer.resume(redis, job, attempt=1, is_first=True)
    out.line("seen")
    await out.flush()
    follower = replay.follow(redis, job, START)
    assert [id_ for id_, _data in await anext(follower)] == [EntryId(1, 1)]
    await out.close(State.SUCCEEDED)
    await redis.delete(stream.key_of(job))
    assert [id_ for id_, _data in await anext(follower)] == [EntryId(1, 2)]
    with pytest.raises(StopAsyncIteration):
        await anext(follower)


async def test_without_redis_a_finished_job_is_read_and_a_running_one_says_what_is_wrong(redis, settings) -> None:
    job = uuid.uuid4()
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    async with contextlib.aclosing(stream.connect()) as nobody:
        with pytest.raises(RedisError):
            await collect(nobody, job)
        archive.write(job, [(EntryId(1, 1), b'{"type":"state","state":"failed","at":1.0}')])
        assert await collect(nobody, job) == ["1-1"]
