"""All who are attached to one terminal, in whichever web process: who is there, who leads, what size it has.

They tell each other through the terminal's channel group: each says `here` when it comes and now and then, `gone` when
it leaves, `leads` when it takes the lead, and `yields` when it has lost it and gives the terminal no size any more: the
engine may have heard of that size last, so who leads then gives its own again. Whoever came, typed or changed its size
last has the lead; of two that take it at once all see the same one have it, by the time that stands in the message.
Values in, values out; `Room` carries them.
"""

import asyncio
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from dashboard.background import spawn, stop
from dashboard.terminal.protocol import Person, State

log = structlog.get_logger(__name__)

#: Between two words of each, and how long one is believed to be there that says nothing.
HERE_SECONDS: Final = 20.0
GONE_SECONDS: Final = 50.0
#: How long leaving may take.
LEAVE_SECONDS: Final = 5.0


@dataclass
class Company:
    """What one client knows of all; `name` is its user's, `client` its own name."""

    client: str
    name: str
    types: bool
    rows: int
    columns: int
    leads: bool = False
    since: float = 0.0
    records: bool = False
    others: dict[str, tuple[float, Person]] = field(default_factory=dict)

    def hear(self, message: dict[str, Any], now: float) -> bool:
        """Take in what another says; does it change anything?"""
        before = self.state()
        match message.get("what"):
            case "gone":
                self.others.pop(message["client"], None)
            case "leads" if (message["since"], message["client"]) > (self.since, self.client if self.leads else ""):
                self.leads, self.since = False, message["since"]
                self.rows, self.columns = message["rows"], message["columns"]
        if message.get("what") in {"here", "leads"}:
            self.others[message["client"]] = (now, Person(message["name"], message["types"]))
        self.others = {client: seen for client, seen in self.others.items() if now - seen[0] < GONE_SECONDS}
        return self.state() != before

    def lead(self, rows: int, columns: int, now: float) -> None:
        """Take the lead."""
        self.leads, self.since = True, max(now, self.since)
        self.rows, self.columns = rows, columns

    def is_next(self) -> bool:
        """Should this one lead, since nobody is there who does? The first by name of those who may type."""
        typists = [client for client, (_, person) in self.others.items() if person.types]
        return self.types and all(self.client < client for client in typists)

    def state(self) -> State:
        people = [Person(self.name, self.types), *(person for _, person in self.others.values())]
        return State(
            rows=self.rows,
            columns=self.columns,
            leads=self.leads,
            people=tuple(sorted(people, key=lambda person: person.name)),
            records=self.records,
        )


class Room:
    """One client's place in the group. What goes wrong with the channel layer costs the company, not the terminal."""

    def __init__(self, group: str, company: Company) -> None:
        self.company = company
        self._group = group
        self._layer = get_channel_layer()
        self._channel = ""

    async def enter(self) -> None:
        try:
            if self._layer is not None:
                self._channel = await self._layer.new_channel()
                await self._layer.group_add(self._group, self._channel)
        except (RedisError, OSError) as error:
            log.warning("terminal without company", group=self._group, error=str(error))

    async def say(self, what: str, **more: Any) -> None:
        me = self.company
        message = {
            "type": "terminal.room", "what": what, "client": me.client, "name": me.name, "types": me.types,
            "rows": me.rows, "columns": me.columns, "since": me.since, **more,
        }  # fmt: skip
        try:
            if self._layer is not None:
                await self._layer.group_send(self._group, message)
        except (RedisError, OSError) as error:
            log.warning("terminal's company not told", group=self._group, error=str(error))

    async def hear(self) -> dict[str, Any]:
        """What another says. Waits for ever where there is no channel layer. Raises RedisError and OSError."""
        while self._layer is not None:
            message: dict[str, Any] = await self._layer.receive(self._channel)
            if message.get("client") != self.company.client:
                return message
        raise OSError("no channel layer")

    def take_in(self, message: dict[str, Any]) -> bool:
        return self.company.hear(message, monotonic())

    async def leave(self) -> None:
        """Say so. A Redis that does not answer must not keep the terminal from being left."""
        leaving = spawn(self._leave(), name=f"leave {self._group}")
        await asyncio.wait([leaving], timeout=LEAVE_SECONDS)
        await stop(leaving)

    async def _leave(self) -> None:
        await self.say("gone", led=self.company.leads)
        try:
            if self._layer is not None and self._channel:
                await self._layer.group_discard(self._group, self._channel)
        except (RedisError, OSError) as error:
            log.warning("terminal's company not left", group=self._group, error=str(error))
