"""Networks."""

from typing import NoReturn

from aiohttp import web

from engine.errors import Forbidden, NotSupported
from engine.network.filters import check_prune, select
from engine.network.view import network_json
from engine.server.filters import read_filters
from engine.server.replies import reply
from engine.server.services import services

routes = web.RouteTableDef()


@routes.get("/networks")
async def list_(request: web.Request) -> web.Response:
    networks = services(request).networks
    everything = networks.all()
    in_use = {network.id for network in everything if networks.endpoints(network)}
    return reply([network_json(network) for network in select(everything, read_filters(request), in_use)])


@routes.post("/networks/create")
async def create(_: web.Request) -> NoReturn:
    raise NotSupported("creating a network is not supported yet: the networks are bridge, host and none")


@routes.post("/networks/prune")
async def prune(request: web.Request) -> web.Response:
    """Nothing to do: only networks that somebody made are pruned, and all that there are come with the engine."""
    check_prune(read_filters(request))
    return reply({"NetworksDeleted": None})


@routes.get("/networks/{id:.+}")
async def inspect(request: web.Request) -> web.Response:
    networks = services(request).networks
    network = networks.resolve(request.match_info["id"])
    return reply(network_json(network, networks.endpoints(network), networks.name_of))


@routes.post("/networks/{id:[^/]+}/{action:connect|disconnect}")
async def change(request: web.Request) -> NoReturn:
    network = services(request).networks.resolve(request.match_info["id"])
    action = request.match_info["action"]
    raise NotSupported(f"{action} on network {network.name}: a container's network can't be changed yet")


@routes.delete("/networks/{id:.+}")
async def remove(request: web.Request) -> NoReturn:
    network = services(request).networks.resolve(request.match_info["id"])
    raise Forbidden(f"{network.name} is a pre-defined network and cannot be removed")
