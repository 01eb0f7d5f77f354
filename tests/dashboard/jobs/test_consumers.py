"""The sockets: whoever is signed in sees every job's output, also one who did not ask for it; a stranger nothing."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from dashboard.jobs import live
from dashboard.jobs.models import Job
from dashboard.jobs.output import stream
from dashboard.jobs.output.writer import Writer
from dashboard.jobs.states import State
from tests.dashboard.socket import Socket
from tests.support.jobs import Console
from tests.support.redis import RedisServer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]


@pytest.fixture
def job(make_job) -> Job:
    made: Job = make_job(state=State.RUNNING, attempts=1)
    return made


@pytest.fixture
async def out(job: Job, console: Console) -> AsyncIterator[Writer]:
    async with contextlib.aclosing(stream.connect()) as redis:
        yield await Writer.resume(redis, job.pk, attempt=1, is_first=True)


async def all_entries(page: Socket) -> list[Any]:
    """What comes until the socket closes, which must be the good end."""
    entries: list[Any] = []
    while (message := await page.hear()) is not None:
        entries += message["entries"]
    assert page.code == 1000
    return entries


async def refusal(path: str, cookie: bytes = b"", **options: bytes) -> int | None:
    async with Socket(path, cookie, **options) as page:
        assert not page.was_accepted
        return page.code


async def test_output_replays_follows_and_ends(job, out, cookie) -> None:
    out.line("before")
    await out.flush()
    async with Socket(f"/ws/jobs/{job.pk}/", cookie) as page:
        assert (await page.hear())["entries"][0][1]["text"] == "before"
        out.layer("abc", "Downloading", 1, 2)
        await out.flush()
        [[id_, layer]] = (await page.hear())["entries"]
        assert (id_, layer["layer"], layer["current"]) == ("1-2", "abc", 1)
        await out.close(State.SUCCEEDED)
        assert [entry["type"] for _id, entry in await all_entries(page)] == ["state"]


async def test_a_reload_shows_the_same_and_a_reconnection_only_the_rest(job, out, cookie) -> None:
    out.line("one")
    out.line("two")
    await out.close(State.FAILED, "why")
    async with Socket(f"/ws/jobs/{job.pk}/", cookie) as page:
        first = await all_entries(page)
    async with Socket(f"/ws/jobs/{job.pk}/", cookie) as page:
        assert await all_entries(page) == first
    async with Socket(f"/ws/jobs/{job.pk}/?after=1-2", cookie) as page:
        assert await all_entries(page) == first[2:]


async def test_strangers_and_foreign_origins_are_refused(job, cookie) -> None:
    for path in (f"/ws/jobs/{job.pk}/", "/ws/jobs/"):
        assert await refusal(path)
        assert await refusal(path, cookie, origin=b"http://evil.example")


async def test_what_is_not_there_or_malformed_is_refused_in_http_s_words(job, cookie) -> None:
    assert await refusal(f"/ws/jobs/{uuid.uuid4()}/", cookie) == 4404
    for wrong in ("x", "1", "1-x", "-1-1", "1-1%0a", "9" * 40 + "-1"):
        assert await refusal(f"/ws/jobs/{job.pk}/?after={wrong}", cookie) == 4400


async def test_a_page_is_told_while_redis_is_away_and_goes_on_after(job, cookie, console, settings) -> None:
    with RedisServer() as server:
        settings.REDIS_URL = server.url
        async with contextlib.aclosing(stream.connect()) as redis, Socket(f"/ws/jobs/{job.pk}/", cookie) as page:
            writer = await Writer.resume(redis, job.pk, attempt=1, is_first=True)
            writer.line("before")
            await writer.flush()
            assert (await page.hear())["entries"][0][0] == "1-1"
            await asyncio.to_thread(server.kill)
            assert await page.hear() == {"interrupted": True}
            writer.line("meanwhile")
            with RedisServer(server.directory):
                await writer.flush()
                message = await page.hear()
                while "interrupted" in message:
                    message = await page.hear()
                assert [id_ for id_, _entry in message["entries"]] == ["1-2"]


async def test_the_list_hears_of_each_change(job, cookie) -> None:
    async with Socket("/ws/jobs/", cookie) as page:
        await live.tell(job.pk, State.CANCELLING)
        assert await page.hear() == {"id": str(job.pk), "state": "cancelling"}


async def test_without_redis_nobody_is_told_and_nothing_breaks(job, settings) -> None:
    layer = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": ["unix:///nonexistent/r.sock"]},
    }
    settings.CHANNEL_LAYERS = {"default": layer}
    await live.tell(job.pk, State.RUNNING)
