"""A running job's output in Redis: one stream a job, written by the job's attempt, read by every open page."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from dashboard.jobs.output.entries import START, Entry, EntryId, decode
from dashboard.jobs.output.transcript import Transcript

log = logging.getLogger(__name__)

FIELD: Final = b"e"
#: Seconds that a stream outlives its last sign of life, should nobody archive it: a week.
UNATTENDED: Final = 7 * 24 * 3600
#: Seconds that it outlives its archive, for pages that were following.
AFTERGLOW: Final = 120
#: What waits for Redis fails after this many seconds; the output waits in memory meanwhile.
PATIENCE: Final = 5.0

Encoded = tuple[EntryId, bytes]


def connect() -> "Redis":
    """A client of the console's Redis. An error shows at once: those who use it have their own way to go on."""
    return Redis.from_url(settings.REDIS_URL, socket_timeout=PATIENCE, retry=Retry(NoBackoff(), 1))


def key_of(job: UUID) -> str:
    return f"portside:job:{job}:output"


async def read(redis: "Redis", job: UUID, after: EntryId, *, count: int) -> list[Encoded]:
    """Up to `count` entries beyond `after`, as they are now. Raises RedisError."""
    return _pairs(await redis.xrange(key_of(job), min=f"({after}", count=count))


async def wait(redis: "Redis", job: UUID, after: EntryId, *, seconds: float) -> list[Encoded]:
    """The next entries beyond `after`, waiting up to `seconds` for the first. Raises RedisError."""
    # A list under RESP2, as the client asks for it; its types allow for RESP3's mapping.
    answer: Any = await redis.xread({key_of(job): str(after)}, count=_WAIT_COUNT, block=int(seconds * 1000))
    return _pairs(answer[0][1]) if answer else []


async def load(redis: "Redis", job: UUID) -> list[tuple[EntryId, Entry]]:
    """All that is there now, decoded. Raises RedisError."""
    return [(id_, decode(data)) for id_, data in _pairs(await redis.xrange(key_of(job)))]


class Copy:
    """Keeps the stream of one job like a transcript. Redis may come and go; `flush()` makes up for it."""

    def __init__(self, redis: "Redis", job: UUID, transcript: Transcript, *, known: EntryId = START) -> None:
        self._redis = redis
        self._job = job
        self._transcript = transcript
        self._known = known
        self._removed: list[EntryId] = []
        self._turn = asyncio.Lock()
        self._is_superseded = False
        self._is_cut_off = False

    async def flush(self, *, expire: int = UNATTENDED) -> bool:
        """Bring the stream up to date; answers whether it is. A failure is logged, once for each outage."""
        if self._is_superseded:
            return False
        try:
            async with self._turn:
                await self._catch_up(expire)
        except RedisError as error:
            if not self._is_cut_off:
                log.warning("Output of job %s waits in memory: %s", self._job, error)
            self._is_cut_off = True
            return False
        self._is_cut_off = False
        return True

    async def _catch_up(self, expire: int) -> None:
        self._removed += self._transcript.take_removed()
        if not await self._send(expire) and not self._is_superseded:
            # Redis was restarted or flushed: the whole transcript again, under the IDs that readers know.
            self._known, self._removed = START, []
            await self._send(expire)

    async def _send(self, expire: int) -> bool:
        """Send what the stream lacks; False when the stream is not there, though it was."""
        is_new = self._known == START
        pending = list(self._transcript.after(self._known))
        if is_new and not pending:
            return True
        pipe = self._redis.pipeline(transaction=True)
        for id_, data in pending:
            pipe.xadd(key_of(self._job), {FIELD: data}, id=str(id_), nomkstream=not is_new)
        if self._removed:
            pipe.xdel(key_of(self._job), *map(str, self._removed))
        pipe.expire(key_of(self._job), expire)
        answers: list[Any] = await pipe.execute(raise_on_error=False)
        return await self._digest(answers, pending)

    async def _digest(self, answers: Sequence[Any], pending: Sequence[Encoded]) -> bool:
        error = next((answer for answer in answers if isinstance(answer, Exception)), None)
        if isinstance(error, ResponseError) and "equal or smaller" in str(error):
            await self._compare()
            return True
        if error is not None:
            raise error
        if not answers[-1]:
            return False
        self._known = pending[-1][0] if pending else self._known
        self._removed = []
        return True

    async def _compare(self) -> None:
        """The stream is ahead: either an answer was lost and these entries are in it, or a later attempt writes."""
        information = await self._redis.xinfo_stream(key_of(self._job))
        last = EntryId.parse(information["last-generated-id"].decode())
        if last > self._transcript.last:
            self._is_superseded = True
            log.warning("Job %s: a later attempt writes its output now", self._job)
        else:
            self._known = last


_WAIT_COUNT: Final = 500


def _pairs(raw: Any) -> list[Encoded]:
    return [(EntryId.parse(id_.decode()), fields[FIELD]) for id_, fields in raw]
