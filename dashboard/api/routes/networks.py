"""Networks: list, inspect, make, remove."""

from typing import Annotated, Any

from aiodocker.networks import DockerNetwork
from django.http import HttpRequest
from ninja import Path, Query, Status

from dashboard.access.decision import visible
from dashboard.access.objects import Kind
from dashboard.access.permissions import Permission
from dashboard.api.access import host_for, object_for
from dashboard.api.principal import principal_of
from dashboard.api.room import BY_THE_ENGINE, Room
from dashboard.api.schemas.containers import HostQuery
from dashboard.api.schemas.objects import ListQuery, Made, NetworkListed, NetworkOrder
from dashboard.api.schemas.page import Page, paged
from dashboard.hosts.client import engine
from dashboard.jobs.params.words import Container
from dashboard.networks import actions
from dashboard.networks.network import Network
from dashboard.networks.queries import list_networks

room = Room("networks")
Id = Annotated[Container, Path(description="Its name or its ID")]


@room.operation("GET", "/networks", needs=Permission.SEE, answers={200: Page[NetworkListed]}, refuses=BY_THE_ENGINE)
async def list_all(request: HttpRequest, query: Query[ListQuery]) -> dict[str, Any]:
    """List networks, by name."""
    host = await host_for(request, Permission.SEE, query.host, for_parts=True)
    rights = principal_of(request).rights
    mine = await visible(rights, host, Kind.NETWORK, await list_networks(host), _id_of, need=Permission.SEE)
    return paged(mine, _by_name, query)


@room.operation("POST", "/networks", needs=Permission.RUN, answers={201: Made}, refuses=BY_THE_ENGINE)
async def create(request: HttpRequest, order: NetworkOrder) -> Status[dict[str, str]]:
    """Make a network."""
    host = await host_for(request, Permission.RUN, order.host)
    return Status(201, {"id": await actions.create(host, order.body())})


@room.operation(
    "GET", "/networks/{network}", needs=Permission.SEE, answers={200: dict[str, Any]}, refuses=BY_THE_ENGINE
)
async def inspect(request: HttpRequest, network: Id, query: Query[HostQuery]) -> Any:
    """One network, as `docker network inspect` shows it."""
    host, found = await object_for(request, Permission.SEE, query.host, Kind.NETWORK, network)
    async with engine(host) as docker:
        return await DockerNetwork(docker, found).show()


@room.operation("DELETE", "/networks/{network}", needs=Permission.DELETE, answers={204: None}, refuses=BY_THE_ENGINE)
async def remove(request: HttpRequest, network: Id, query: Query[HostQuery]) -> Status[None]:
    """Remove it; not while a container is in it."""
    host, found = await object_for(request, Permission.DELETE, query.host, Kind.NETWORK, network)
    await actions.remove(host, found)
    return Status(204, None)


def _id_of(network: Network) -> str:
    return network.id


def _by_name(network: Network) -> tuple[str, str]:
    return network.name, network.id
