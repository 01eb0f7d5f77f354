"""Images."""

from contextlib import aclosing
from typing import Any, Final

from aiohttp import web

from engine.errors import InvalidParameter, NotSupported
from engine.image import platform as platforms
from engine.image import view
from engine.image.platform import Platform
from engine.image.prune import prune
from engine.image.reference import Reference, parse
from engine.registry.importer import Import, bring
from engine.server.filters import read_filters
from engine.server.lasting import lasting
from engine.server.registryauth import credentials_of
from engine.server.replies import nothing, reply, stream_json
from engine.server.requests import flag, word
from engine.server.routes.archives import new_name, wanted_platform
from engine.server.services import services
from engine.server.version import ApiVersion, api_version

routes = web.RouteTableDef()

#: A body is handed on in pieces of about this size.
_PIECE: Final = 256 << 10
_NO_PLACEHOLDERS: Final = ApiVersion(1, 43)
_NO_VIRTUAL_SIZE: Final = ApiVersion(1, 44)


@routes.get("/images/json")
async def list_(request: web.Request) -> web.Response:
    """`all` changes nothing: only local builds have images in between, and this engine keeps none of those."""
    images = services(request).images
    _refuse(request, "manifests")
    wants_shared = flag(request, "shared-size")
    rows = [
        view.summary(image, shared=images.shared_size(image) if wants_shared else -1)
        for image in images.list(read_filters(request))
    ]
    return reply([_as_of(api_version(request), row) for row in rows])


@routes.post("/images/create")
async def create(request: web.Request) -> web.StreamResponse:
    """Pull, or import what `fromSrc` says."""
    if source := word(request, "fromSrc"):
        return await _import(request, source)
    reference = _wanted(request)
    platform, credentials = _platform(request), credentials_of(request)
    with lasting(request):
        async with aclosing(services(request).puller.pull(reference, platform, credentials)) as messages:
            return await stream_json(request, messages)


async def _import(request: web.Request, source: str) -> web.StreamResponse:
    options = Import(
        source=source,
        name=new_name(request),
        changes=tuple(request.query.getall("changes", [])),
        message=word(request, "message") or "",
        platform=_platform(request),
    )
    parts = services(request)
    body = request.content.iter_chunked(_PIECE)
    with lasting(request):
        async with aclosing(bring(parts.images, parts.events, body, options)) as messages:
            return await stream_json(request, messages)


@routes.post("/images/prune")
async def prune_(request: web.Request) -> web.Response:
    parts = services(request)
    return reply(await prune(parts.images, parts.events, read_filters(request)))


@routes.get("/images/{name:.+}/json")
async def inspect(request: web.Request) -> web.Response:
    _refuse(request, "manifests")
    return reply(_as_of(api_version(request), services(request).images.inspect(request.match_info["name"])))


@routes.get("/images/{name:.+}/history")
async def history(request: web.Request) -> web.Response:
    images, name = services(request).images, request.match_info["name"]
    platforms.require(wanted_platform(request), images.get(name).platform, name)
    return reply(images.history(name))


@routes.post("/images/{name:.+}/tag")
async def tag(request: web.Request) -> web.Response:
    repository = word(request, "repo")
    if repository is None:
        raise InvalidParameter("invalid reference format")
    await services(request).images.tag(request.match_info["name"], repository, word(request, "tag") or "")
    return nothing(status=201)


@routes.delete("/images/{name:.+}")
async def remove(request: web.Request) -> web.Response:
    """`noprune` changes nothing: an image that was pulled has no parents to prune."""
    images = services(request).images
    return reply(await images.remove(request.match_info["name"], force=flag(request, "force")))


@routes.post("/images/{name:.+}/push")
async def push(request: web.Request) -> web.StreamResponse:
    """Push one tag, or all of the repository's."""
    name, tag = parse(request.match_info["name"]), word(request, "tag")
    reference = name.tagged(tag) if tag else name
    credentials, platform = credentials_of(request), wanted_platform(request)
    with lasting(request):
        async with aclosing(services(request).pusher.push(reference, credentials, platform)) as messages:
            return await stream_json(request, messages)


def _as_of(version: ApiVersion, document: dict[str, Any]) -> dict[str, Any]:
    """What older clients read: a size under a second name, and a name for images without one."""
    if version < _NO_VIRTUAL_SIZE:
        document["VirtualSize"] = document["Size"]
    if version < _NO_PLACEHOLDERS and not document["RepoTags"] and not document["RepoDigests"]:
        document |= {"RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]}
    return document


def _wanted(request: web.Request) -> Reference:
    """The reference of `fromImage` and `tag`, which is a tag or a digest and goes before one in `fromImage`."""
    name, tag_or_digest = word(request, "fromImage"), word(request, "tag")
    if name is None:
        raise InvalidParameter("invalid reference format")
    reference = parse(name)
    if tag_or_digest is None or reference.digest is not None:
        return reference
    return reference.pinned(tag_or_digest) if ":" in tag_or_digest else reference.tagged(tag_or_digest)


def _platform(request: web.Request) -> Platform | None:
    text = word(request, "platform")
    return platforms.parse(text) if text else None


def _refuse(request: web.Request, option: str) -> None:
    """The options of a store that keeps all platforms of an image, which this one does not."""
    if flag(request, option):
        raise NotSupported(f"{option}: this engine keeps one platform of an image")
