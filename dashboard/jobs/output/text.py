"""A job's log as one text, from any byte on."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from redis.asyncio import Redis

from dashboard.jobs.output import archive, stream
from dashboard.jobs.output.entries import START, Dropped, Line, decode
from dashboard.jobs.output.stream import Encoded

_BATCH: Final = 2000


@dataclass(frozen=True)
class LogText:
    """`data` is UTF-8, whole lines. It begins at byte `start` of all that the job ever said; what comes is at `end`."""

    data: bytes
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.data)

    def after(self, offset: int) -> "LogText":
        """What comes at byte `offset` and later: all there is where the oldest lines were let go meanwhile."""
        skipped = max(0, offset - self.start)
        return LogText(self.data[skipped:], self.start + min(skipped, len(self.data)))


async def read(redis: "Redis", job: UUID) -> LogText:
    """The log as it is now. Raises RedisError while the job has no archive and Redis does not answer."""
    if not archive.path_of(job).exists():
        entries = await _from_stream(redis, job)
        if not archive.path_of(job).exists():
            return joined(entries)
    return await asyncio.to_thread(joined, archive.read(job, START))


def joined(entries: Iterable[Encoded]) -> LogText:
    """The lines of `entries` as one text."""
    lines: list[bytes] = []
    start = 0
    for _id, data in entries:
        match decode(data):
            case Line() as line:
                lines.append(line.text.encode() + b"\n")
            case Dropped() as dropped:
                start = dropped.size
    return LogText(b"".join(lines), start)


async def _from_stream(redis: "Redis", job: UUID) -> list[Encoded]:
    found: list[Encoded] = []
    while batch := await stream.read(redis, job, found[-1][0] if found else START, count=_BATCH):
        found += batch
    return found
