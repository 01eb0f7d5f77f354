"""The sockets of the jobs' pages: one job's output, and the states of all jobs."""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import parse_qs
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashboard.access.need import Need
from dashboard.access.sockets import BAD_REQUEST, NOT_FOUND, SignedInConsumer
from dashboard.accounts.models import User
from dashboard.background import spawn, stop
from dashboard.jobs import live
from dashboard.jobs.access import seen_by
from dashboard.jobs.output import stream
from dashboard.jobs.output.entries import START, EntryId
from dashboard.jobs.output.replay import follow
from dashboard.jobs.output.stream import Encoded

log = logging.getLogger(__name__)

#: Seconds between two tries while Redis is away.
PAUSE: Final = 1.0
#: RFC 6455's codes for a good end, and for a failure of the server's own, after which a page comes back.
ENDED: Final = 1000
FAILED: Final = 1011


class OutputConsumer(SignedInConsumer):
    """Sends a job's output from the entry after `?after=<id>` on, or from the start, and then what comes.

    Each message is `{"entries": [["<id>", {…}], …]}` or `{"interrupted": true}` (Redis is away; it goes on by itself).
    After the job's last entry the socket closes with code 1000. It reads nothing.
    """

    need = Need(None)
    _following: asyncio.Task[None] | None = None
    _last: EntryId = START

    async def connect(self) -> None:
        job: UUID = self.scope["url_route"]["kwargs"]["job"]
        try:
            self._last = _after(self.scope["query_string"])
        except ValueError:
            await self.close(code=BAD_REQUEST)
            return
        if not await seen_by(cast("User", self.scope["user"]), self.rights).filter(pk=job).aexists():
            await self.close(code=NOT_FOUND)
            return
        await self.accept()
        self._following = spawn(self._follow(job), name=f"follow job {job}")

    async def disconnect(self, code: int) -> None:
        if self._following is not None:
            await stop(self._following)

    async def _follow(self, job: UUID) -> None:
        redis = stream.connect()
        try:
            while True:
                if await self._send_all(redis, job):
                    break
                await asyncio.sleep(PAUSE)
        except Exception:
            # Whatever it was, and spawn() logs it: a socket that stays open would say that nothing happens.
            await self.close(code=FAILED)
            raise
        finally:
            await redis.aclose()
        await self.close(code=ENDED)

    async def _send_all(self, redis: Redis, job: UUID) -> bool:
        """Send what comes after the last entry sent; False when Redis went away before the end."""
        try:
            async for batch in follow(redis, job, self._last):
                await self.send(text_data=_frame(batch))
                self._last = batch[-1][0]
        except RedisError as error:
            log.info("Output of job %s: %s", job, error)
            await self.send(text_data='{"interrupted":true}')
            return False
        return True


class JobsConsumer(SignedInConsumer):
    """Sends `{"id": …, "state": …}` for each job that changes its state. It reads nothing.

    What changed before is for the page to ask for, when the socket opens; also what the job is, which not everybody
    may see.
    """

    need = Need(None)

    async def connect(self) -> None:
        await self.channel_layer.group_add(live.GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(live.GROUP, self.channel_name)

    async def job_changed(self, message: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(message["job"]))


def _after(query: bytes) -> EntryId:
    """The entry that the page has seen last; raises ValueError."""
    given = parse_qs(query.decode("ascii"), strict_parsing=bool(query)).get("after")
    return START if given is None else EntryId.parse(given[-1])


def _frame(batch: Sequence[Encoded]) -> str:
    """The entries are JSON already: decoding them only to encode them again would cost the most of a replay."""
    entries = ",".join(f'["{id_}",{data.decode()}]' for id_, data in batch)
    return f'{{"entries":[{entries}]}}'
