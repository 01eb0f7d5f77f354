"""Beyond Docker: the logs of containers that are no more (docs/log-archive.md)."""

from aiohttp import web

from engine.container.logs.archived import to_json
from engine.container.view import rfc3339
from engine.server.filters import read_filters
from engine.server.replies import nothing, reply
from engine.server.routes.streams import log_options, send_log
from engine.server.services import services

routes = web.RouteTableDef()


@routes.get("/logs/archive")
async def list_(request: web.Request) -> web.Response:
    archived = await services(request).containers.log_archive.list(read_filters(request))
    return reply([to_json(each, rfc3339) for each in archived])


@routes.get("/logs/archive/{id}")
async def read(request: web.Request) -> web.StreamResponse:
    """With the parameters of `GET /containers/{id}/logs`; nothing is written any more, so nothing is followed."""
    archive = services(request).containers.log_archive
    archived = await archive.find(request.match_info["id"])
    return await send_log(request, archive.read(archived, log_options(request)), tty=archived.tty)


@routes.delete("/logs/archive/{id}")
async def remove(request: web.Request) -> web.Response:
    await services(request).containers.log_archive.remove(request.match_info["id"])
    return nothing()
