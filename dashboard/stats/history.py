"""The last hour of points, in Redis: a list a container, and one a host."""

import json
from typing import Final

from redis.asyncio import Redis

from dashboard.hosts.models import Host
from dashboard.stats.usage import Point

#: Seconds between two points, and how many are kept: an hour.
STEP_SECONDS: Final = 10
KEPT: Final = 360
#: The name under which a host's own points are kept.
WHOLE_HOST: Final = ""


def _key(host: Host, container: str) -> str:
    return f"portside.stats.{host.name}.{container}"


async def add(redis: Redis, host: Host, points: dict[str, Point]) -> None:
    """Add one point each; the keys are containers' IDs, or WHOLE_HOST."""
    pipe = redis.pipeline(transaction=False)
    for container, point in points.items():
        key = _key(host, container)
        pipe.rpush(key, json.dumps(point.row()))
        pipe.ltrim(key, -KEPT, -1)
        # What is gone goes from here as well, an hour later.
        pipe.expire(key, STEP_SECONDS * KEPT)
    await pipe.execute()


async def read(redis: Redis, host: Host, container: str) -> list[list[float]]:
    """The rows of the last hour, oldest first."""
    return [json.loads(row) for row in await redis.lrange(_key(host, container), 0, -1)]
