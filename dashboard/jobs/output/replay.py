"""A job's output as a page reads it: from any entry on, then live, until the last."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

from redis.asyncio import Redis

from dashboard.jobs.output import archive, stream
from dashboard.jobs.output.entries import EntryId, is_last
from dashboard.jobs.output.stream import Encoded

BATCH: Final = 500
#: Seconds after which a silent stream is doubted: the job may have ended, and its stream with it.
SILENCE: Final = 2.0


async def follow(redis: "Redis", job: UUID, after: EntryId) -> AsyncIterator[list[Encoded]]:
    """Batches of the entries beyond `after`; ends after the job's last entry.

    Raises RedisError while the job has no archive and Redis does not answer: call again with the last ID seen.
    """
    while True:
        if archive.path_of(job).exists():
            async for batch in _from_archive(job, after):
                yield batch
            return
        async for batch in _from_stream(redis, job, after):
            after = batch[-1][0]
            yield batch
            if is_last(batch[-1][1]):
                return


async def _from_archive(job: UUID, after: EntryId) -> AsyncIterator[list[Encoded]]:
    entries = archive.read(job, after)
    while batch := await asyncio.to_thread(lambda: list(itertools.islice(entries, BATCH))):
        yield batch


async def _from_stream(redis: "Redis", job: UUID, after: EntryId) -> AsyncIterator[list[Encoded]]:
    """Until nothing has come for a while."""
    while batch := await stream.wait(redis, job, after, seconds=SILENCE):
        after = batch[-1][0]
        yield batch
