"""Networks."""

import msgspec
from aiohttp import web

from engine.container.config import EndpointConfig, decode
from engine.errors import InvalidParameter, NotSupported
from engine.network.creation import NetworkRequest, SubnetRequest
from engine.network.filters import select
from engine.network.view import network_json
from engine.server.filters import read_filters
from engine.server.replies import nothing, reply
from engine.server.requests import read_object
from engine.server.services import services

routes = web.RouteTableDef()


class _IPAM(msgspec.Struct, rename="pascal"):
    driver: str = ""
    config: list[SubnetRequest] | None = None


class _Create(msgspec.Struct, rename="pascal"):
    """`check_duplicate` is what older clients send: a name is never given twice."""

    name: str = ""
    check_duplicate: bool = False
    driver: str = ""
    scope: str = ""
    internal: bool = False
    attachable: bool = False
    enable_ipv6: bool | None = msgspec.field(name="EnableIPv6", default=None)
    enable_ipv4: bool | None = msgspec.field(name="EnableIPv4", default=None)
    ipam: _IPAM | None = msgspec.field(name="IPAM", default=None)
    options: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class _Change(msgspec.Struct, rename="pascal"):
    container: str = ""
    endpoint_config: EndpointConfig | None = None
    force: bool = False


@routes.get("/networks")
async def list_(request: web.Request) -> web.Response:
    networks = services(request).networks
    everything = networks.all()
    in_use = {network.id for network in everything if networks.endpoints(network)}
    return reply([network_json(network) for network in select(everything, read_filters(request), in_use)])


@routes.post("/networks/create")
async def create(request: web.Request) -> web.Response:
    wanted = decode(_Create, await read_object(request, required=True), "NetworkCreateRequest")
    network = await services(request).networks.create(_request(wanted))
    return reply({"Id": network.id, "Warning": ""}, status=201)


@routes.post("/networks/prune")
async def prune(request: web.Request) -> web.Response:
    removed = await services(request).networks.prune(read_filters(request))
    return reply({"NetworksDeleted": removed or None})


@routes.get("/networks/{id:.+}")
async def inspect(request: web.Request) -> web.Response:
    networks = services(request).networks
    network = networks.resolve(request.match_info["id"])
    return reply(network_json(network, networks.endpoints(network), networks.name_of))


@routes.post("/networks/{id:[^/]+}/connect")
async def connect(request: web.Request) -> web.Response:
    change = await _change(request)
    network = services(request).networks.resolve(request.match_info["id"])
    await services(request).containers.connect(change.container, network.id, change.endpoint_config or EndpointConfig())
    return nothing(status=200)


@routes.post("/networks/{id:[^/]+}/disconnect")
async def disconnect(request: web.Request) -> web.Response:
    """`Force` changes nothing: there is no container that is on a network and that can't be found."""
    change = await _change(request)
    network = services(request).networks.resolve(request.match_info["id"])
    await services(request).containers.disconnect(change.container, network.id)
    return nothing(status=200)


@routes.delete("/networks/{id:.+}")
async def remove(request: web.Request) -> web.Response:
    networks = services(request).networks
    await networks.remove(networks.resolve(request.match_info["id"]))
    return nothing()


async def _change(request: web.Request) -> _Change:
    change = decode(_Change, await read_object(request, required=True), "NetworkConnectRequest")
    if not change.container:
        raise InvalidParameter("a container's name or ID is expected in Container")
    return change


def _request(wanted: _Create) -> NetworkRequest:
    if wanted.enable_ipv4 is False:
        raise NotSupported("EnableIPv4: a network without IPv4 is not supported")
    if wanted.scope not in {"", "local"}:
        raise NotSupported(f"Scope: {wanted.scope!r} is not supported, networks are local")
    ipam = wanted.ipam or _IPAM()
    if ipam.driver not in {"", "default"}:
        raise NotSupported(f"IPAM.Driver: {ipam.driver!r} is not supported, only 'default'")
    return NetworkRequest(
        name=wanted.name,
        driver=wanted.driver or "bridge",
        subnets=ipam.config or (),
        has_ipv6=bool(wanted.enable_ipv6),
        is_internal=wanted.internal,
        is_attachable=wanted.attachable,
        labels=wanted.labels or {},
        options=wanted.options or {},
    )
