"""An engine that is killed, and the next one on the same state."""

import socket
import time

import pytest

from engine.errors import Conflict
from engine.network.ports import PortRequest
from engine.network.service import Networks
from tests.engine.networkdriver.play import address, ask, container, links, play, refused, start
from tests.engine.networkdriver.world import HOST, OUTSIDE, World

pytestmark = pytest.mark.root


async def begin(networks: Networks) -> None:
    await start(networks, "a", PortRequest(80, host_port=8080))
    await start(networks, "b", PortRequest(80, host_port=8081))


async def nothing(networks: Networks) -> None:
    pass


def test_a_killed_engines_containers_go_on(world: World) -> None:
    play(world, begin, is_killed=True)
    world.inside(world.config().run / "netns" / "a").serve(80)
    assert world.outside.ask(HOST, 8080) == OUTSIDE


def test_the_next_engine_adopts_what_lives_and_sweeps_what_does_not(world: World) -> None:
    play(world, begin, is_killed=True)
    world.inside(world.config().run / "netns" / "a").serve(80)
    (world.config().run / "netns" / "half-made").touch()

    async def scenario(networks: Networks) -> None:
        endpoint = networks.endpoint("a")
        assert endpoint is not None
        assert networks.endpoint("b") is None
        assert await ask(world.outside, HOST, 8080) == OUTSIDE
        assert [path.name for path in (world.config().run / "netns").iterdir()] == ["a"]
        assert len(links(world)) == 1
        rules = world.host.shell("nft", "list", "ruleset")
        assert "8080" in rules
        assert "8081" not in rules
        # The port is held again, and the dead container's is free; so are the addresses.
        with pytest.raises(Conflict, match="port is already allocated"):
            await start(networks, "b", PortRequest(80, host_port=8080))
        with pytest.raises(OSError, match="in use"):
            world.host.run(lambda: socket.create_server(("", 8080)).close())
        again = await start(networks, "b", PortRequest(80, host_port=8081))
        assert address(again).endswith(".3")
        await networks.release("a")
        with refused():
            await ask(world.outside, HOST, 8080, timeout=0.3)

    play(world, scenario, live={"a"})
    assert world.host.shell("nft", "list", "ruleset") == ""


def test_networks_keep_their_ids_and_their_subnet(world: World) -> None:
    seen = []

    async def scenario(networks: Networks) -> None:
        seen.append([(network.name, network.id, network.plan) for network in networks.all()])

    play(world, scenario, is_killed=True)
    play(world, scenario)
    play(world, scenario)
    assert seen[0] == seen[1] == seen[2]


def test_nothing_lives_and_all_is_swept(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        endpoint = await start(networks, "a", PortRequest(80, host_port=8080))
        container(world, endpoint).serve(80)

    play(world, scenario, is_killed=True)
    assert world.outside.ask(HOST, 8080) == OUTSIDE
    play(world, nothing)
    assert world.host.shell("nft", "list", "ruleset") == ""
    assert not links(world)


def test_a_subnet_that_the_host_uses_is_avoided(world: World) -> None:
    world.host.shell("ip", "address", "add", "172.17.0.1/16", "dev", "uplink")
    world.host.shell("ip", "route", "add", "172.18.5.0/24", "via", OUTSIDE)

    async def scenario(networks: Networks) -> None:
        assert address(await start(networks, "a")) == "172.19.0.2"

    play(world, scenario)


def test_a_bridge_left_by_deleted_state_is_replaced(world: World) -> None:
    config = world.config()
    world.host.shell("ip", "link", "add", config.bridge, "type", "bridge")
    world.host.shell("ip", "address", "add", "10.9.0.1/24", "dev", config.bridge)

    async def scenario(networks: Networks) -> None:
        assert "10.9.0.1" not in world.host.shell("ip", "address", "show", config.bridge)
        await start(networks, "a")

    play(world, scenario)


def test_a_sandbox_that_a_stranger_holds_open_loses_its_link(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        endpoint = await start(networks, "a")
        holder = container(world, endpoint).run(socket.socket)
        with holder:
            await networks.release("a")
            assert all("UP" not in line.split() for line in links(world))

    play(world, scenario)
    deadline = time.monotonic() + 10
    while links(world) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not links(world)
