"""Containers: made, looked at, changed, removed. What flows in and out of them is in `streams`."""

from typing import Any, Final

from aiohttp import web

from engine.container.config import ContainerConfig, HostConfig, NetworkingConfig, decode
from engine.container.config.update import Update
from engine.container.creation import CreateRequest
from engine.errors import InvalidParameter, NotSupported
from engine.server.filters import read_filters
from engine.server.replies import nothing, reply
from engine.server.requests import flag, number, read_json, read_object, size, word
from engine.server.services import services

routes = web.RouteTableDef()

_PARTS: Final = {"hostconfig": "HostConfig", "networkingconfig": "NetworkingConfig"}


@routes.get("/containers/json")
async def list_(request: web.Request) -> web.Response:
    rows = await services(request).containers.summaries(
        all_=flag(request, "all"),
        limit=number(request, "limit") or 0,
        size=flag(request, "size"),
        filters=read_filters(request),
    )
    return reply(rows)


@routes.post("/containers/create")
async def create(request: web.Request) -> web.Response:
    wanted = _create_request(request, await read_object(request, required=True))
    identifier, warnings = await services(request).containers.create(wanted)
    return reply({"Id": identifier, "Warnings": warnings}, status=201)


@routes.post("/containers/prune")
async def prune(request: web.Request) -> web.Response:
    return reply(await services(request).containers.prune(read_filters(request)))


@routes.get("/containers/{id}/json")
async def inspect(request: web.Request) -> web.Response:
    return reply(await services(request).containers.inspect(_ref(request), size=flag(request, "size")))


@routes.post("/containers/{id}/start")
async def start(request: web.Request) -> web.Response:
    if await read_json(request):
        raise InvalidParameter(
            "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24"
        )
    if word(request, "checkpoint"):
        raise NotSupported("starting from a checkpoint is not supported")
    await services(request).containers.start(_ref(request))
    return nothing()


@routes.post("/containers/{id}/stop")
async def stop(request: web.Request) -> web.Response:
    seconds = number(request, "t")
    await services(request).containers.stop(_ref(request), seconds=seconds, stop_signal=word(request, "signal"))
    return nothing()


@routes.post("/containers/{id}/restart")
async def restart(request: web.Request) -> web.Response:
    seconds = number(request, "t")
    await services(request).containers.restart(_ref(request), seconds=seconds, stop_signal=word(request, "signal"))
    return nothing()


@routes.post("/containers/{id}/kill")
async def kill(request: web.Request) -> web.Response:
    await services(request).containers.kill(_ref(request), word(request, "signal") or "SIGKILL")
    return nothing()


@routes.post("/containers/{id}/pause")
async def pause(request: web.Request) -> web.Response:
    await services(request).containers.pause(_ref(request))
    return nothing()


@routes.post("/containers/{id}/unpause")
async def unpause(request: web.Request) -> web.Response:
    await services(request).containers.unpause(_ref(request))
    return nothing()


@routes.post("/containers/{id}/update")
async def update(request: web.Request) -> web.Response:
    wishes = decode(Update, await read_object(request, required=True), "UpdateConfig")
    return reply({"Warnings": await services(request).containers.update(_ref(request), wishes) or None})


@routes.post("/containers/{id}/rename")
async def rename(request: web.Request) -> web.Response:
    name = request.query.get("name", "").removeprefix("/")
    if not name:
        raise InvalidParameter("Neither old nor new names may be empty")
    await services(request).containers.rename(_ref(request), name)
    return nothing()


@routes.post("/containers/{id}/resize")
async def resize(request: web.Request) -> web.Response:
    height, width = size(request)
    await services(request).containers.resize(_ref(request), height=height, width=width)
    return nothing(status=200)


@routes.get("/containers/{id}/top")
async def top(request: web.Request) -> web.Response:
    return reply(await services(request).containers.top(_ref(request), word(request, "ps_args") or "-ef"))


@routes.delete("/containers/{id}")
async def remove(request: web.Request) -> web.Response:
    if flag(request, "link"):
        raise NotSupported("removing a link is not supported: containers are not linked, networks name them")
    await services(request).containers.remove(_ref(request), force=flag(request, "force"), volumes=flag(request, "v"))
    return nothing()


def _ref(request: web.Request) -> str:
    return request.match_info["id"]


def _create_request(request: web.Request, body: dict[str, Any]) -> CreateRequest:
    """Docker's body: the container's config, and in it, under their own names, the host's and the networks'."""
    parts = {part: body.pop(key) for key in list(body) if (part := _PARTS.get(key.lower()))}
    if not body:
        raise InvalidParameter("config cannot be empty in order to create a container")
    return CreateRequest(
        config=decode(ContainerConfig, body, "Config"),
        host_config=decode(HostConfig, parts.get("HostConfig"), "HostConfig"),
        networking=decode(NetworkingConfig, parts.get("NetworkingConfig"), "NetworkingConfig"),
        name=word(request, "name"),
        platform=word(request, "platform"),
    )
