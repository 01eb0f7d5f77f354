"""Keeps the last hour: whoever opens a page sees what was before."""

import asyncio
import logging
import time

from django.conf import settings
from redis.asyncio import Redis

from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
from dashboard.stats import history
from dashboard.stats.history import STEP_SECONDS, WHOLE_HOST
from dashboard.stats.sampling import running, sample
from dashboard.stats.usage import Point, Usage

log = logging.getLogger(__name__)


async def collect(host: Host) -> None:
    """Add a point for each running container of `host`, and one for the host, every STEP_SECONDS, for ever.

    Raises RedisError. An engine that is away leaves a gap.
    """
    before: dict[str, Usage] = {}
    async with Redis.from_url(settings.REDIS_URL) as redis:
        while True:
            try:
                before = await collect_once(redis, host, before)
            except (EngineFailure, ValueError) as error:  # ValueError: an answer that is no JSON
                log.info("No statistics of %s: %s", host.name, error)
                before = {}
            await asyncio.sleep(STEP_SECONDS)


async def collect_once(redis: Redis, host: Host, before: dict[str, Usage]) -> dict[str, Usage]:
    """One round: rates are between `before` and now; answers what is before the next."""
    async with engine(host) as docker:
        now = await sample(docker, await running(docker))
    rates = {one: Point.between(before[one], usage) for one, usage in now.items() if one in before}
    points = {one: point for one, point in rates.items() if point is not None}
    await history.add(redis, host, points | {WHOLE_HOST: Point.total(points.values(), time.time())})
    return now
