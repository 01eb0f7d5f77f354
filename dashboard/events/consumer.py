"""The socket that follows a host's events."""

import json
from typing import Any

from dashboard.access.need import Need
from dashboard.access.permissions import Permission
from dashboard.events.event import Event
from dashboard.events.query import EventQuery
from dashboard.hosts.client import engine, stream
from dashboard.hosts.following import FollowingConsumer
from dashboard.hosts.models import Host


class EventsConsumer(FollowingConsumer):
    """Sends each Event as JSON: what EventQuery asks for of the past, and then what happens."""

    need = Need(Permission.SEE)

    def understand(self, query: bytes) -> EventQuery:
        return EventQuery.from_string(query)

    async def follow(self, host: Host, parts: dict[str, Any], asked: EventQuery) -> None:
        async with engine(host) as docker, stream(docker, "events", asked.params()) as body:
            async for line in body:
                if line.strip():
                    event = Event.from_json(json.loads(line), host.name)
                    await self.send(text_data=json.dumps(event.to_json(), ensure_ascii=False))
        # An engine never ends its events while it is well: the page has to come again.
        raise ValueError("the engine ended its events")
