"""Events, as they happen and as far back as they are remembered."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from aiohttp import web

from engine.errors import InvalidParameter
from engine.events import Event, EventBus
from engine.server.eventfilter import EventFilter
from engine.server.filters import read_filters
from engine.server.lasting import lasting
from engine.server.replies import stream_json
from engine.server.requests import word
from engine.server.services import services
from engine.server.times import nanoseconds

routes = web.RouteTableDef()


@routes.get("/events")
async def events(request: web.Request) -> web.StreamResponse:
    since, until = (nanoseconds(word(request, name), name) for name in ("since", "until"))
    if until and since > until:
        raise InvalidParameter(
            f"`since` time ({word(request, 'since')}) cannot be after `until` time ({word(request, 'until')})"
        )
    wanted = EventFilter(read_filters(request))
    with lasting(request):
        async with aclosing(_messages(services(request).events, wanted, since=since, until=until)) as messages:
            return await stream_json(request, messages, at_once=True)


async def _messages(
    bus: EventBus, wanted: EventFilter, *, since: int, until: int
) -> AsyncGenerator[dict[str, Any], None]:
    """Without `since` only what happens from now on; a past `until` alone reaches back as far as it can."""
    async with bus.subscribe(since or (0 if until else None)) as everything:
        async for event in _before(everything, until):
            if wanted.passes(event):
                yield event.to_json()


async def _before(events: AsyncIterator[Event], until: int) -> AsyncIterator[Event]:
    """The events up to `until` (Unix nanoseconds; 0: for ever), and not waiting longer than that for the next."""
    while True:
        try:
            async with asyncio.timeout(until / 1e9 - time.time() if until else None):
                event = await anext(events)
        except (TimeoutError, StopAsyncIteration):
            return
        if until and event.nanoseconds > until:
            return
        yield event
