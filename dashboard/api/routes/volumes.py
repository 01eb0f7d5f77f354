"""Volumes: list, inspect, make, remove."""

from typing import Annotated, Any

from aiodocker.volumes import DockerVolume
from django.http import HttpRequest
from ninja import Path, Query, Status

from dashboard.access.decision import visible
from dashboard.access.objects import Kind
from dashboard.access.permissions import Permission
from dashboard.api.access import host_for, object_for
from dashboard.api.principal import principal_of
from dashboard.api.room import BY_THE_ENGINE, Room
from dashboard.api.schemas.containers import HostQuery
from dashboard.api.schemas.objects import ListQuery, Made, VolumeListed, VolumeOrder
from dashboard.api.schemas.page import Page, paged
from dashboard.hosts.client import engine
from dashboard.jobs.params.words import Container
from dashboard.volumes import actions
from dashboard.volumes.queries import list_volumes
from dashboard.volumes.volume import Volume

room = Room("volumes")
Name = Annotated[Container, Path(description="Its name")]


@room.operation("GET", "/volumes", needs=Permission.SEE, answers={200: Page[VolumeListed]}, refuses=BY_THE_ENGINE)
async def list_all(request: HttpRequest, query: Query[ListQuery]) -> dict[str, Any]:
    """List volumes, by name."""
    host = await host_for(request, Permission.SEE, query.host, for_parts=True)
    rights = principal_of(request).rights
    mine = await visible(rights, host, Kind.VOLUME, await list_volumes(host), _name_of, need=Permission.SEE)
    return paged(mine, lambda volume: (volume.name,), query)


@room.operation("POST", "/volumes", needs=Permission.RUN, answers={201: Made}, refuses=BY_THE_ENGINE)
async def create(request: HttpRequest, order: VolumeOrder) -> Status[dict[str, str]]:
    """Make a volume. One that is a directory of the host's needs `privileged-run`."""
    needed = Permission.PRIVILEGED_RUN if order.options else Permission.RUN
    host = await host_for(request, needed, order.host)
    return Status(201, {"id": await actions.create(host, order.body())})


@room.operation("GET", "/volumes/{volume}", needs=Permission.SEE, answers={200: dict[str, Any]}, refuses=BY_THE_ENGINE)
async def inspect(request: HttpRequest, volume: Name, query: Query[HostQuery]) -> Any:
    """One volume, as `docker volume inspect` shows it."""
    host, found = await object_for(request, Permission.SEE, query.host, Kind.VOLUME, volume)
    async with engine(host) as docker:
        return await DockerVolume(docker, found).show()


@room.operation("DELETE", "/volumes/{volume}", needs=Permission.DELETE, answers={204: None}, refuses=BY_THE_ENGINE)
async def remove(request: HttpRequest, volume: Name, query: Query[HostQuery]) -> Status[None]:
    """Remove it and all that is in it; not while a container uses it."""
    host, found = await object_for(request, Permission.DELETE, query.host, Kind.VOLUME, volume)
    await actions.remove(host, found)
    return Status(204, None)


def _name_of(volume: Volume) -> str:
    return volume.name
