"""What a container uses: once, or a sample a second."""

from contextlib import aclosing

from aiohttp import web

from engine.errors import InvalidParameter
from engine.server.lasting import lasting
from engine.server.replies import reply, stream_json
from engine.server.requests import flag
from engine.server.services import services

routes = web.RouteTableDef()


@routes.get("/containers/{id}/stats")
async def stats(request: web.Request) -> web.StreamResponse:
    """Without a stream, two samples are taken for the load between them, unless `one-shot` wants the first alone."""
    stream, once = flag(request, "stream", default=True), flag(request, "one-shot")
    if stream and once:
        raise InvalidParameter("cannot have stream=true and one-shot=true")
    samples = services(request).containers.stats(request.match_info["id"])
    with lasting(request):
        async with aclosing(samples):
            if stream:
                return await stream_json(request, samples, at_once=True)
            first = await anext(samples)
            is_running = bool(first["pids_stats"])
            return reply(first if once or not is_running else await anext(samples))
