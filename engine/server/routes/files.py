"""Files in and out of containers and volumes, and what a container has changed."""

import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web

from engine.container.archive.service import Place
from engine.errors import EngineError, InvalidParameter
from engine.server.lasting import lasting
from engine.server.replies import nothing, reply
from engine.server.requests import flag
from engine.server.services import services

log = structlog.get_logger(__name__)
routes = web.RouteTableDef()

_STAT_HEADER: Final = "X-Docker-Container-Path-Stat"
_TAR: Final = "application/x-tar"


@routes.head("/containers/{id}/archive")
@routes.head("/volumes/{name}/archive")
async def stat(request: web.Request) -> web.Response:
    place = _place(request)
    with lasting(request):
        found = await services(request).archives.stat(place, _path(request))
    return web.Response(headers=_headers(found))


@routes.get("/containers/{id}/archive")
@routes.get("/volumes/{name}/archive")
async def read(request: web.Request) -> web.StreamResponse:
    place = _place(request)
    with lasting(request):
        async with services(request).archives.read(place, _path(request)) as reading:
            response = web.StreamResponse(headers={**_headers(reading.stat), "Content-Type": _TAR})
            await response.prepare(request)
            try:
                async for piece in reading.pieces:
                    await response.write(piece)
            except EngineError as error:
                # The 200 is out: only a connection that breaks off tells the client that the archive is not whole.
                log.warning("an archive broke off", place=place.name, path=_path(request), error=error.message)
                raise ConnectionResetError(error.message) from error
    return response


@routes.put("/containers/{id}/archive")
@routes.put("/volumes/{name}/archive")
async def write(request: web.Request) -> web.Response:
    place = _place(request)
    with lasting(request):
        await services(request).archives.write(
            place,
            _path(request),
            _body(request),
            keep_kinds=flag(request, "noOverwriteDirNonDir"),
            to_user=flag(request, "copyUIDGID"),
        )
    return nothing(status=200)


@routes.get("/containers/{id}/files")
@routes.get("/volumes/{name}/files")
async def list_(request: web.Request) -> web.Response:
    """Beyond Docker: what is in a folder, without its files."""
    place = _place(request)
    with lasting(request):
        found = await services(request).archives.list(place, _path(request))
    return reply({"path": found.path, "entries": found.entries, "truncated": found.truncated})


@routes.get("/containers/{id}/changes")
async def changes(request: web.Request) -> web.Response:
    found = await services(request).containers.changes(request.match_info["id"])
    return reply([{"Path": path, "Kind": kind} for path, kind in found] or None)


def _place(request: web.Request) -> Place:
    """The container or the volume of the path. Raises NotFound, Conflict."""
    archives, names = services(request).archives, request.match_info
    return archives.container(names["id"]) if "id" in names else archives.volume(names["name"])


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    async for piece in request.content.iter_any():
        yield piece


def _headers(stat: Mapping[str, Any]) -> dict[str, str]:
    return {_STAT_HEADER: base64.b64encode(msgspec.json.encode(stat)).decode()}


def _path(request: web.Request) -> str:
    path = request.query.get("path", "")
    if not path:
        raise InvalidParameter("bad parameter: path cannot be empty")
    if "\0" in path:
        raise InvalidParameter("bad parameter: path holds a NUL character")
    return path
