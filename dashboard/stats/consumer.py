"""The sockets of the charts: what was, and then what comes."""

import asyncio
import json
from http import HTTPStatus
from typing import Final

from django.conf import settings
from redis.asyncio import Redis
from redis.exceptions import RedisError

from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.accounts.sockets import NOT_FOUND, SignedInConsumer
from dashboard.background import spawn, stop
from dashboard.hosts.client import EngineFailure, engine
from dashboard.hosts.models import Host
from dashboard.stats import history
from dashboard.stats.history import STEP_SECONDS, WHOLE_HOST
from dashboard.stats.sampling import follow
from dashboard.stats.usage import Point, Usage

#: The page comes again after a while.
TRY_AGAIN: Final = 1013
ENDED: Final = 1000


class StatsConsumer(SignedInConsumer):
    """Sends `{"rows": [[…], …]}`, whose rows are `Point.row()`: first the last hour, then one at a time."""

    need = Need(Permission.SEE)
    _task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        route = self.scope["url_route"]["kwargs"]
        host = await Host.objects.filter(name=route["host"]).afirst()
        await self.accept()
        if host is None:
            await self.close(code=NOT_FOUND)
            return
        container = str(route.get("container", WHOLE_HOST))
        self._task = spawn(self._run(host, container), name=f"statistics of {container or host.name}")

    async def disconnect(self, code: int) -> None:
        if self._task is not None:
            await stop(self._task)

    async def _run(self, host: Host, container: str) -> None:
        try:
            if container == WHOLE_HOST:
                await self._follow_host(host)
            else:
                await self._follow_container(host, container)
        except EngineFailure as failure:
            is_gone = failure.status == HTTPStatus.NOT_FOUND
            await self.close(code=NOT_FOUND if is_gone else TRY_AGAIN, reason=failure.message[:100])
        except (RedisError, ValueError) as error:  # ValueError: an answer that is no JSON
            await self.close(code=TRY_AGAIN, reason=str(error)[:100])
        else:
            await self.close(code=ENDED)

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
