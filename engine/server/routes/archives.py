"""Images and root filesystems as tar archives: save, load, commit, export."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from aiohttp import web

from engine.container.snapshot import read_config
from engine.errors import EngineError, InvalidParameter
from engine.image import platform as platforms
from engine.image.archive.compose import Credits
from engine.image.archive.load import load
from engine.image.archive.save import save
from engine.image.platform import Platform
from engine.image.reference import Reference, parse
from engine.server.lasting import lasting
from engine.server.replies import reply, stream_json
from engine.server.requests import flag, read_object, word
from engine.server.services import services

routes = web.RouteTableDef()

_TAR: Final = "application/x-tar"
#: The body is handed on in pieces of about this size.
_PIECE: Final = 256 << 10


@routes.get("/images/{name:.+}/get")
async def save_one(request: web.Request) -> web.StreamResponse:
    names = [request.match_info["name"]]
    return await _stream(request, save(services(request).images, names, wanted_platform(request)))


@routes.get("/images/get")
async def save_several(request: web.Request) -> web.StreamResponse:
    names = request.query.getall("names", [])
    if not names:
        raise InvalidParameter("names: at least one image is expected")
    return await _stream(request, save(services(request).images, names, wanted_platform(request)))


@routes.post("/images/load")
async def load_(request: web.Request) -> web.StreamResponse:
    parts, platform = services(request), wanted_platform(request)
    body = request.content.iter_chunked(_PIECE)
    with lasting(request):
        quiet = flag(request, "quiet")
        async with aclosing(load(parts.images, parts.events, body, quiet=quiet, platform=platform)) as messages:
            return await stream_json(request, messages)


@routes.post("/commit")
async def commit(request: web.Request) -> web.Response:
    container = word(request, "container")
    if container is None:
        raise InvalidParameter("container: the name or ID of one is expected")
    config = read_config(await read_object(request))
    made = await services(request).snapshots.commit(
        container,
        new_name(request),
        config=config,
        changes=request.query.getall("changes", []),
        credits_=Credits(author=word(request, "author") or "", comment=word(request, "comment") or ""),
        pause=flag(request, "pause", default=True),
    )
    return reply({"Id": made}, status=201)


@routes.get("/containers/{id}/export")
async def export(request: web.Request) -> web.StreamResponse:
    return await _stream(request, services(request).snapshots.export(request.match_info["id"]))


def new_name(request: web.Request) -> Reference | None:
    """What a new image is to be called: `repo` and `tag`; None where there is no `repo`."""
    repository, tag = word(request, "repo"), word(request, "tag")
    if repository is None:
        return None
    name = parse(repository)
    if name.digest is not None:
        raise InvalidParameter("cannot import digest reference")
    return name.tagged(tag) if tag else name.with_default_tag()


def wanted_platform(request: web.Request) -> Platform | None:
    """The parameter `platform` where it is JSON; None where it is not there. Raises InvalidParameter."""
    text = word(request, "platform")
    return platforms.decode(text) if text else None


async def _stream(request: web.Request, pieces: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    """Send the archive as it is made. An error before its first byte is an ordinary answer."""
    response = web.StreamResponse(headers={"Content-Type": _TAR})
    with lasting(request):
        async with aclosing(pieces):
            try:
                async for piece in pieces:
                    if not response.prepared:
                        await response.prepare(request)
                    await response.write(piece)
            except EngineError as error:
                if not response.prepared:
                    raise
                # The 200 is out: only a connection that breaks off tells the client that the archive is not whole.
                raise ConnectionResetError(error.message) from error
    return response
