"""The socket that follows a host's events."""

import asyncio
import json
from typing import Final

from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.accounts.sockets import BAD_REQUEST, NOT_FOUND, SignedInConsumer
from dashboard.background import spawn, stop
from dashboard.events.event import Event
from dashboard.events.query import EventQuery
from dashboard.hosts.client import EngineFailure, engine, stream
from dashboard.hosts.models import Host

#: The page comes again after a while.
TRY_AGAIN: Final = 1013


class EventsConsumer(SignedInConsumer):
    """Sends each Event as JSON: what EventQuery asks for of the past, and then what happens. It reads nothing.

    Sending waits for a slow browser, which holds back the engine's stream in turn: nothing piles up here.
    """

    need = Need(Permission.SEE)

    task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        host = await Host.objects.filter(name=self.scope["url_route"]["kwargs"]["host"]).afirst()
        await self.accept()
        if host is None:
            await self.close(code=NOT_FOUND)
            return
        try:
            query = EventQuery.from_string(self.scope["query_string"])
        except ValueError as error:
            await self.close(code=BAD_REQUEST, reason=str(error))
            return
        self.task = spawn(self._run(host, query), name=f"events of {host.name}")

    async def disconnect(self, code: int) -> None:
        if self.task is not None:
            await stop(self.task)

    async def _run(self, host: Host, query: EventQuery) -> None:
        """An engine never ends its events while it is well: either way the page has to come again."""
        reason = "the engine ended its events"
        try:
            await self._follow(host, query)
        except (EngineFailure, ValueError) as error:  # ValueError: a line that is no JSON, or longer than the reader's
            reason = str(error)
        await self.close(code=TRY_AGAIN, reason=reason[:100])

    async def _follow(self, host: Host, query: EventQuery) -> None:
        async with engine(host) as docker, stream(docker, "events", query.params()) as body:
            async for line in body:
                if line.strip():
                    event = Event.from_json(json.loads(line), host.name)
                    await self.send(text_data=json.dumps(event.to_json(), ensure_ascii=False))
