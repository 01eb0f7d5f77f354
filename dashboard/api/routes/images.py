"""Images: list, inspect, give further names, remove. Pull, push, build and the rest are jobs."""

from typing import Annotated, Any
from urllib.parse import quote

from django.http import HttpRequest
from ninja import Path, Query, Status

from dashboard.access.decision import visible
from dashboard.access.objects import Kind
from dashboard.access.permissions import Permission
from dashboard.api.access import host_for, object_for
from dashboard.api.principal import principal_of
from dashboard.api.room import BY_THE_ENGINE, Room
from dashboard.api.schemas.containers import HostQuery, RemoveQuery
from dashboard.api.schemas.objects import ImageListed, ListQuery, TagOrder
from dashboard.api.schemas.page import Page, paged
from dashboard.hosts.client import engine
from dashboard.images.queries import list_images
from dashboard.images.summary import Summary
from dashboard.jobs.params.words import ImageOrId

room = Room("images")
Reference = Annotated[ImageOrId, Path(description="Its name or its ID; slashes may stand as they are")]


@room.operation("GET", "/images", needs=Permission.SEE, answers={200: Page[ImageListed]}, refuses=BY_THE_ENGINE)
async def list_all(request: HttpRequest, query: Query[ListQuery]) -> dict[str, Any]:
    """List images, newest first."""
    host = await host_for(request, Permission.SEE, query.host, for_parts=True)
    rights = principal_of(request).rights
    mine = await visible(rights, host, Kind.IMAGE, await list_images(host), _id_of, need=Permission.SEE)
    return paged(mine, _newest_first, query)


@room.operation("POST", "/image-tags", needs=Permission.BUILD, answers={204: None}, refuses=BY_THE_ENGINE)
async def tag(request: HttpRequest, order: TagOrder) -> Status[None]:
    """Give an image a further name."""
    host, found = await object_for(request, Permission.BUILD, order.host, Kind.IMAGE, order.image)
    async with engine(host) as docker:
        repository, _colon, name = _split(order.tag)
        await docker.images.tag(quote(found, safe=""), repository, tag=name)
    return Status(204, None)


@room.operation(
    "GET", "/images/{path:image}", needs=Permission.SEE, answers={200: dict[str, Any]}, refuses=BY_THE_ENGINE
)
async def inspect(request: HttpRequest, image: Reference, query: Query[HostQuery]) -> Any:
    """One image, as `docker inspect` shows it."""
    host, found = await object_for(request, Permission.SEE, query.host, Kind.IMAGE, image)
    async with engine(host) as docker:
        return await docker.images.inspect(quote(found, safe=""))


@room.operation("DELETE", "/images/{path:image}", needs=Permission.DELETE, answers={204: None}, refuses=BY_THE_ENGINE)
async def remove(request: HttpRequest, image: Reference, query: Query[RemoveQuery]) -> Status[None]:
    """Take away a name, and with its last name the image."""
    host, found = await object_for(request, Permission.DELETE, query.host, Kind.IMAGE, image)
    async with engine(host) as docker:
        await docker.images.delete(quote(found, safe=""), force=query.force)
    return Status(204, None)


def _id_of(image: Summary) -> str:
    return image.id


def _newest_first(image: Summary) -> tuple[int, str]:
    return -int(image.created.timestamp()), image.id


def _split(reference: str) -> tuple[str, str, str]:
    """Repository and tag: a colon before the last slash is a port's."""
    path, slash, last = reference.rpartition("/")
    name, colon, tag_name = last.partition(":")
    return f"{path}{slash}{name}", colon, tag_name or "latest"
