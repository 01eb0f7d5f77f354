"""The sockets of the charts: what was, and then what comes."""

import asyncio
import json
from typing import Any

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.hosts.client import engine
from dashboard.hosts.following import FollowingConsumer
from dashboard.hosts.models import Host
from dashboard.stats import history
from dashboard.stats.history import STEP_SECONDS, WHOLE_HOST
from dashboard.stats.sampling import follow
from dashboard.stats.usage import Point, Usage


class StatsConsumer(FollowingConsumer):
    """Sends `{"rows": [[…], …]}`, whose rows are `Point.row()`: first the last hour, then one at a time."""

    need = Need(Permission.SEE)

    async def follow(self, host: Host, parts: dict[str, Any], _asked: Any) -> None:
        try:
            if "container" in parts:
                await self._follow_container(host, parts["container"])
            else:
                await self._follow_host(host)
        except RedisError as error:
            raise ValueError(str(error)) from error

    async def _follow_container(self, host: Host, container: str) -> None:
        async with engine(host) as docker:
            shown = await docker.containers.container(container).show()
            await self._tell(await self._hour(host, str(shown["Id"])))
            before: Usage | None = None
            async for usage in follow(docker, container):
                point = Point.between(before, usage) if before and usage else None
                await self._tell([point.row()] if point else [])
                before = usage

    async def _follow_host(self, host: Host) -> None:
        """The collector's points, as they come."""
        last = 0.0
        while True:
            rows = [row for row in await self._hour(host, WHOLE_HOST) if row[0] > last]
            last = rows[-1][0] if rows else last
            await self._tell(rows)
            await asyncio.sleep(STEP_SECONDS / 2)

    async def _hour(self, host: Host, container: str) -> list[list[float]]:
        async with Redis.from_url(settings.REDIS_URL) as redis:
            return await history.read(redis, host, container)

    async def _tell(self, rows: list[list[float]]) -> None:
        if rows:
            await self.send(text_data=json.dumps({"rows": rows}))
