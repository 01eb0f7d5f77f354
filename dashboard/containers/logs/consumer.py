"""The socket that follows a container's log."""

import asyncio
import json
from http import HTTPStatus
from typing import Final

from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.accounts.sockets import BAD_REQUEST, NOT_FOUND, SignedInConsumer
from dashboard.background import spawn, stop
from dashboard.containers.logs.lines import Line, LineReader
from dashboard.containers.logs.query import LogQuery
from dashboard.hosts.client import EngineFailure, engine, stream
from dashboard.hosts.models import Host

ENDED: Final = 1000
#: The page comes again after a while.
TRY_AGAIN: Final = 1013


class LogsConsumer(SignedInConsumer):
    """Sends `{"lines": [[stream, time, text], …]}` and, when the container has ended, closes normally.

    Sending waits for a slow browser, which holds back the engine's stream in turn: nothing piles up here.
    """

    need = Need(Permission.LOGS)

    task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        route = self.scope["url_route"]["kwargs"]
        host = await Host.objects.filter(name=route["host"]).afirst()
        await self.accept()
        if host is None:
            await self.close(code=NOT_FOUND)
            return
        try:
            query = LogQuery.from_string(self.scope["query_string"])
        except ValueError as error:
            await self.close(code=BAD_REQUEST, reason=str(error))
            return
        self.task = spawn(self._run(host, route["container"], query), name=f"log of {route['container']}")

    async def disconnect(self, code: int) -> None:
        if self.task is not None:
            await stop(self.task)

    async def _run(self, host: Host, container: str, query: LogQuery) -> None:
        try:
            await self._follow(host, container, query)
        except EngineFailure as failure:
            is_gone = failure.status == HTTPStatus.NOT_FOUND
            await self.close(code=NOT_FOUND if is_gone else TRY_AGAIN, reason=failure.message[:100])
        else:
            await self.close(code=ENDED)

    async def _follow(self, host: Host, container: str, query: LogQuery) -> None:
        async with engine(host) as docker:
            shown = await docker.containers.container(container).show()
            reader = LineReader(has_tty=bool(shown["Config"]["Tty"]))
            async with stream(docker, f"containers/{container}/logs", query.params()) as body:
                async for chunk in body.iter_any():
                    await self._tell(reader.feed(chunk))
            await self._tell(reader.close())

    async def _tell(self, lines: list[Line]) -> None:
        if lines:
            entries = [[line.stream, line.time, line.text] for line in lines]
            await self.send(text_data=json.dumps({"lines": entries}, ensure_ascii=False))
