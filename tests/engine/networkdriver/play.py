"""A scenario on the world's host: containers on an engine's networks, and what became of them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager

import pytest

from engine.network.endpoint import Endpoint
from engine.network.endpoints import Wishes
from engine.network.ports import PortRequest
from engine.network.service import Networks
from tests.engine.networkdriver.world import Namespace, World

Scenario = Callable[[Networks], Awaitable[None]]


def play(world: World, scenario: Scenario, *, live: Collection[str] = (), is_killed: bool = False) -> None:
    """Run the scenario with an engine's networks on the world's host.

    `live` are the containers that outlived the last engine. At the end all containers go and the engine shuts down,
    or it is killed: nothing more is done.
    """
    with world.networks(world.config()) as networks:

        async def whole() -> None:
            await networks.restore(live)
            try:
                await scenario(networks)
            finally:
                await (_die(networks) if is_killed else _end(networks))

        world.host.live(whole)


async def _end(networks: Networks) -> None:
    for key in ("a", "b"):
        await networks.release(key)
    for network in networks.all():
        if not network.is_predefined:
            await networks.remove(network)
    await networks.shutdown()


async def _die(networks: Networks) -> None:
    """What is left of a killed engine: its descriptors are closed, nothing else is done."""
    await networks._resolvers.shutdown()
    await networks._drivers["bridge"].stop()
    await networks._publishing.shutdown()


async def start(networks: Networks, key: str, *ports: PortRequest) -> Endpoint:
    endpoint = await networks.allocate(key, networks.resolve("default"), ports=ports)
    await networks.open_sandbox(key)
    await networks.attach(key)
    return networks.endpoint(key) or endpoint


def container(world: World, endpoint: Endpoint) -> Namespace:
    assert endpoint.sandbox is not None
    return world.inside(endpoint.sandbox)


def address(endpoint: Endpoint) -> str:
    assert endpoint.address is not None
    return str(endpoint.address.ip)


async def on(networks: Networks, key: str, name: str, *ports: PortRequest, wishes: Wishes | None = None) -> Endpoint:
    """Start a container on the network `name`."""
    await networks.allocate(key, networks.resolve(name), ports=ports, wishes=wishes or Wishes())
    await networks.open_sandbox(key)
    await networks.attach(key)
    endpoint = networks.endpoint(key)
    assert endpoint is not None
    return endpoint


async def ask(place: Namespace, target: str, port: int, *, timeout: float = 2) -> str:
    return await asyncio.to_thread(place.ask, target, port, timeout=timeout)


async def answers_again(place: Namespace, target: str, port: int, *, seconds: float = 10) -> str:
    """The first answer within `seconds`."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await ask(place, target, port, timeout=0.5)
            except OSError:
                await asyncio.sleep(0.02)


def address6(endpoint: Endpoint) -> str:
    assert endpoint.address6 is not None
    return str(endpoint.address6.ip)


@contextmanager
def refused() -> Iterator[None]:
    """No answer: refused, unreachable, or silence until the time is over."""
    with pytest.raises(OSError, match=r"refused|timed out|unreachable|No route"):
        yield


def links(world: World) -> list[str]:
    """The host's ends of containers' links."""
    lines = world.host.shell("ip", "-brief", "link").splitlines()
    return [line for line in lines if line.startswith("pv")]
