"""Hosts: list, one at a glance, and what happens on it."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Path, Query

from dashboard.access.permissions import Permission
from dashboard.api import sse
from dashboard.api.access import host_for
from dashboard.api.principal import principal_of
from dashboard.api.room import BY_THE_ENGINE, Room
from dashboard.api.schemas.events import EventsQuery
from dashboard.api.schemas.objects import HostListed, HostShown
from dashboard.api.schemas.page import Page, PageQuery, paged
from dashboard.hosts.client import EngineFailure, engine, stream
from dashboard.hosts.models import Host
from dashboard.overview.queries import glance

room = Room("hosts")
Name = Annotated[str, Path(max_length=63, pattern=r"^[a-zA-Z0-9_-]+$")]
_EVENTS: Final = {"responses": {200: {"content": {sse.MEDIA_TYPE: {"schema": {"type": "string"}}}}}}


@room.operation("GET", "/hosts", needs=Permission.SEE, answers={200: Page[HostListed]})
def list_all(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """List the hosts of which you may see something, by name."""
    rights = principal_of(request).rights
    hosts = [host for host in Host.objects.all() if rights.has_somewhere(Permission.SEE, host.name)]
    return paged(hosts, lambda host: (host.name,), query)


@room.operation("GET", "/hosts/{host}", needs=Permission.SEE, answers={200: HostShown}, refuses=BY_THE_ENGINE)
async def show(request: HttpRequest, host: Name) -> dict[str, Any]:
    """One host at a glance: its engine, and how much of each there is."""
    found = await glance(await host_for(request, Permission.SEE, host))
    return {
        "name": host,
        "engine": found.facts,
        "states": {state.value: count for state, count in found.states.items()},
        "volumes": found.volumes,
        "networks": found.networks,
    }


@room.operation("GET", "/events", needs=Permission.SEE, answers={200: None}, refuses=BY_THE_ENGINE, extra=_EVENTS)
async def events(request: HttpRequest, query: Query[EventsQuery]) -> HttpResponseBase:
    """Follow what happens on a host: server-sent events, each with Docker's JSON of an event.

    Without `until` it goes on until the client goes, or the engine: come back then with `since`.
    """
    host = await host_for(request, Permission.SEE, query.host)
    return sse.respond(_events(host, query.params()))


async def _events(host: Host, params: dict[str, str]) -> AsyncIterator[bytes]:
    try:
        async with engine(host) as docker, stream(docker, "events", params) as body:
            async for line in body:
                if line.strip():
                    yield sse.event("change", line.strip())
    except EngineFailure as failure:
        yield sse.event("refused", json.dumps({"status": failure.status, "detail": failure.message}).encode())
