"""The engine itself: is it there, what is it, what happens in it."""

from typing import Final

from aiohttp import web

routes = web.RouteTableDef()

#: `Builder-Version: 1` tells a CLI without buildx to build through `POST /build`.
_PING_HEADERS: Final = {
    "Builder-Version": "1",
    "Cache-Control": "no-cache, no-store, must-revalidate",
    "Pragma": "no-cache",
    "Swarm": "inactive",
}


@routes.get("/_ping", allow_head=False)
async def ping(_: web.Request) -> web.Response:
    return web.Response(text="OK", headers=_PING_HEADERS)


@routes.head("/_ping")
async def ping_head(_: web.Request) -> web.Response:
    return web.Response(headers=_PING_HEADERS, content_type="text/plain")
