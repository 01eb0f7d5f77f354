"""Volumes."""

from typing import Final

import msgspec
from aiohttp import web

from engine.errors import InvalidParameter, NotSupported
from engine.server.filters import read_filters
from engine.server.replies import nothing, reply
from engine.server.requests import flag, read_object
from engine.server.services import services
from engine.server.version import ApiVersion, api_version

routes = web.RouteTableDef()

#: From this version on a prune without the filter `all` spares the volumes that somebody named.
_PRUNE_SPARES_NAMED: Final = ApiVersion(1, 42)


class _Create(msgspec.Struct, rename="pascal"):
    name: str | None = None
    driver: str | None = None
    driver_opts: dict[str, str] | None = None
    labels: dict[str, str] | None = None


@routes.get("/volumes")
async def list_(request: web.Request) -> web.Response:
    chosen = services(request).volumes.list(read_filters(request))
    return reply({"Volumes": [volume.to_json() for volume in chosen], "Warnings": None})


@routes.post("/volumes/create")
async def create(request: web.Request) -> web.Response:
    body = await read_object(request, required=True)
    if body.pop("ClusterVolumeSpec", None):
        raise NotSupported("ClusterVolumeSpec: cluster volumes are not supported")
    try:
        wanted = msgspec.convert(body, _Create)
    except msgspec.ValidationError as error:
        raise InvalidParameter(f"invalid JSON: {error}") from error
    volume = await services(request).volumes.create(
        wanted.name, driver=wanted.driver or "local", options=wanted.driver_opts, labels=wanted.labels
    )
    return reply(volume.to_json(), status=201)


@routes.post("/volumes/prune")
async def prune(request: web.Request) -> web.Response:
    filters = read_filters(request)
    if api_version(request) < _PRUNE_SPARES_NAMED:
        filters["all"] = ["true"]
    return reply(await services(request).volumes.prune(filters))


@routes.get("/volumes/{name:.+}")
async def inspect(request: web.Request) -> web.Response:
    return reply(services(request).volumes.get(request.match_info["name"]).to_json())


@routes.delete("/volumes/{name:.+}")
async def remove(request: web.Request) -> web.Response:
    await services(request).volumes.remove(request.match_info["name"], force=flag(request, "force"))
    return nothing()
