"""Building images."""

from contextlib import aclosing
from typing import Final

from aiohttp import web

from engine.server.buildrequest import read_build
from engine.server.lasting import lasting
from engine.server.replies import stream_json
from engine.server.services import services

routes = web.RouteTableDef()

#: The context is handed on in pieces of about this size.
_PIECE: Final = 256 << 10


@routes.post("/build")
async def build(request: web.Request) -> web.StreamResponse:
    """The classic builder's stream; a client that goes ends the build."""
    wanted = read_build(request)
    body = request.content.iter_chunked(_PIECE)
    with lasting(request):
        async with aclosing(services(request).builds.build(wanted, body)) as messages:
            return await stream_json(request, messages)
