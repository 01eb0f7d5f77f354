"""What happens in the engine, told to whoever listens: `docker events`, the console, the engine's own parts."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

#: How many past events `since` can reach, as in Docker.
BACKLOG: Final = 256
#: A listener this far behind is dropped: it asks again with `since`.
QUEUE_LIMIT: Final = 1024


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one object.

    `kind` is Docker's `Type` (container, image, volume, network, daemon), `action` its `Action` (`create`,
    `exec_start: sh`), `actor` the object's ID and `attributes` its labels and names. `nanoseconds` is Unix time.
    """

    kind: str
    action: str
    actor: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    nanoseconds: int = field(default_factory=time.time_ns)

    def to_json(self) -> dict[str, Any]:
        """Docker's EventMessage, with the fields that old clients read beside the new ones."""
        message: dict[str, Any] = {
            "Type": self.kind,
            "Action": self.action,
            "Actor": {"ID": self.actor, "Attributes": dict(self.attributes)},
            "scope": "local",
            "time": self.nanoseconds // 1_000_000_000,
            "timeNano": self.nanoseconds,
        }
        if self.kind in {"container", "image"}:
            message |= {"status": self.action, "id": self.actor}
        if self.kind == "container" and "image" in self.attributes:
            message["from"] = self.attributes["image"]
        return message


class EventBus:
    """Keeps the last BACKLOG events and hands each new one to every listener, in order.

    Publishing never waits: a listener that does not keep up loses its subscription, not the publisher's time.
    """

    def __init__(self) -> None:
        self._past: deque[Event] = deque(maxlen=BACKLOG)
        self._listeners: set[asyncio.Queue[Event | None]] = set()

    def publish(self, kind: str, action: str, actor: str, attributes: Mapping[str, str] | None = None) -> None:
        event = Event(kind, action, actor, dict(attributes or {}))
        self._past.append(event)
        for queue in tuple(self._listeners):
            try:
                queue.put_nowait(event)
            except asyncio.QueueFull:
                self._drop(queue)

    @asynccontextmanager
    async def subscribe(self, since: int | None = None) -> AsyncIterator[AsyncIterator[Event]]:
        """Listen from now on, or from `since` (Unix nanoseconds) as far as the backlog reaches.

        The subscription stands as soon as the block is entered, so nothing between the two is missed.
        """
        queue: asyncio.Queue[Event | None] = asyncio.Queue(QUEUE_LIMIT)
        if since is not None:
            for event in self._past:
                if event.nanoseconds >= since:
                    queue.put_nowait(event)
        self._listeners.add(queue)
        try:
            yield _drain(queue)
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """End every subscription; the engine is going down."""
        for queue in tuple(self._listeners):
            self._drop(queue)

    def _drop(self, queue: asyncio.Queue[Event | None]) -> None:
        self._listeners.discard(queue)
        if queue.full():
            queue.get_nowait()
        queue.put_nowait(None)


async def _drain(queue: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
    while (event := await queue.get()) is not None:
        yield event
