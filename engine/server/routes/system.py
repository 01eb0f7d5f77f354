"""The engine itself: is it there, and what is it."""

from typing import Final

from aiohttp import web

from engine.errors import InvalidParameter
from engine.server.replies import reply
from engine.server.services import services
from engine.server.usage import Kind, usage

routes = web.RouteTableDef()

#: `Builder-Version: 1` tells a CLI without buildx to build through `POST /build`.
_PING_HEADERS: Final = {
    "Builder-Version": "1",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
    "Swarm": "inactive",
}


@routes.get("/_ping")
async def ping(_: web.Request) -> web.Response:
    return web.Response(text="OK", headers=_PING_HEADERS)


@routes.head("/_ping")
async def ping_head(_: web.Request) -> web.Response:
    return web.Response(headers=_PING_HEADERS, content_type="text/plain", charset="utf-8")


@routes.get("/version")
async def version(request: web.Request) -> web.Response:
    return reply(await services(request).system.version())


@routes.get("/system/df")
async def df(request: web.Request) -> web.Response:
    """`type` may be given several times; without it all kinds are told."""
    parts = services(request)
    try:
        kinds = {Kind(value) for value in request.query.getall("type", [])} or set(Kind)
    except ValueError as error:
        raise InvalidParameter(f"unknown object type: {error}") from error
    return reply(await usage(parts.images, parts.containers, parts.volumes, parts.builds, kinds))


@routes.get("/info")
async def info(request: web.Request) -> web.Response:
    return reply(await services(request).system.info())
