"""Building images."""

from contextlib import aclosing
from typing import Final

from aiohttp import web

from engine.build.cache.prune import Pruning
from engine.errors import NotSupported
from engine.server.buildrequest import bytes_of, read_build
from engine.server.filters import read_filters
from engine.server.lasting import lasting
from engine.server.replies import reply, stream_json
from engine.server.requests import flag, word
from engine.server.services import services

routes = web.RouteTableDef()

#: The context is handed on in pieces of about this size.
_PIECE: Final = 256 << 10


@routes.post("/build/prune")
async def prune(request: web.Request) -> web.Response:
    """`keep-storage` and `reserved-space` are one parameter by two names, and so is `max-used-space`: what stays."""
    if word(request, "min-free-space") not in {None, "0"}:
        raise NotSupported("min-free-space: say how much of the cache may stay (reserved-space)")
    keep = max(bytes_of(request, name) for name in ("keep-storage", "reserved-space", "max-used-space"))
    wanted = Pruning(filters=read_filters(request), keep=keep, all_=flag(request, "all"))
    return reply(await services(request).builds.prune(wanted))


@routes.post("/build")
async def build(request: web.Request) -> web.StreamResponse:
    """The classic builder's stream; a client that goes ends the build."""
    wanted = read_build(request)
    body = request.content.iter_chunked(_PIECE)
    with lasting(request):
        async with aclosing(services(request).builds.build(wanted, body)) as messages:
            return await stream_json(request, messages)
