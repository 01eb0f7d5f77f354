"""Real packets through real namespaces: who reaches whom, and who must not."""

import asyncio
import os

import pytest

from engine.errors import EngineError
from engine.linux.nft import Document
from engine.network.ports import PortRequest
from engine.network.service import Networks
from engine.networkdriver.bridge import BridgeDriver
from tests.engine.networkdriver.play import address, ask, container, links, play, refused, start
from tests.engine.networkdriver.world import HOST, OUTSIDE, World

pytestmark = pytest.mark.root


def test_a_container_reaches_the_outside_at_the_hosts_address(world: World) -> None:
    world.outside.serve(80)

    async def scenario(networks: Networks) -> None:
        inside = container(world, await start(networks, "a"))
        assert await ask(inside, OUTSIDE, 80) == HOST

    play(world, scenario)


def test_a_published_port_answers_everybody(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        served = await start(networks, "a", PortRequest(80, host_port=8080))
        other = await start(networks, "b")
        container(world, served).serve(80)
        assert served.ports[0].host_port == 8080
        for place, target in (
            (world.host, "127.0.0.1"),
            (world.host, HOST),
            (world.host, str(served.gateway)),
            (world.outside, HOST),
            (container(world, other), HOST),
            (container(world, other), str(served.gateway)),
            (container(world, served), HOST),
        ):
            assert await ask(place, target, 8080)
        assert await ask(world.outside, HOST, 8080) == OUTSIDE  # the true address is kept
        await networks.release("a")
        with refused():
            await ask(world.host, "127.0.0.1", 8080, timeout=0.3)

    play(world, scenario)


def test_a_udp_port_answers(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        served = await start(networks, "a", PortRequest(53, "udp", host_port=5353))
        container(world, served).serve_udp(53)
        for place, target in ((world.host, "127.0.0.1"), (world.outside, HOST)):
            assert await asyncio.to_thread(place.ask_udp, target, 5353) == b"hello"

    play(world, scenario)


def test_a_udp_sender_that_was_there_before_reaches_the_port_and_not_the_next_container(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        for _ in range(2):
            with pytest.raises(OSError, match=r"timed out|refused"):
                await asyncio.to_thread(world.outside.ask_udp, HOST, 5353, source_port=4444, timeout=0.2)
            served = await start(networks, "a", PortRequest(53, "udp", host_port=5353))
            container(world, served).serve_udp(53)
            assert await asyncio.to_thread(world.outside.ask_udp, HOST, 5353, source_port=4444) == b"hello"
            await networks.release("a")
            other = await start(networks, "b")
            assert address(other) == address(served)
            container(world, other).serve_udp(53)
            with pytest.raises(OSError, match=r"timed out|refused"):
                await asyncio.to_thread(world.outside.ask_udp, HOST, 5353, source_port=4444, timeout=0.2)
            await networks.release("b")

    play(world, scenario)


def test_a_port_on_one_address_answers_only_there(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        served = await start(networks, "a", PortRequest(80, host_ip="127.0.0.1", host_port=8080))
        container(world, served).serve(80)
        assert await ask(world.host, "127.0.0.1", 8080)
        for place, target in ((world.host, HOST), (world.outside, HOST), (container(world, served), HOST)):
            with refused():
                await ask(place, target, 8080, timeout=0.3)

    play(world, scenario)


def test_neighbours_reach_each_other_and_strangers_only_what_is_published(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        served = await start(networks, "a", PortRequest(80, host_port=8080))
        other = await start(networks, "b")
        container(world, served).serve(80)
        container(world, served).serve(81)
        assert await ask(container(world, other), address(served), 81) == address(other)
        # A host of the neighbourhood that routes to the containers' subnet.
        world.outside.shell("ip", "route", "add", "172.16.0.0/12", "via", HOST)
        for port in (80, 81):
            with refused():
                await ask(world.outside, address(served), port, timeout=0.3)

    play(world, scenario)


def test_a_container_does_not_reach_what_the_host_serves_on_loopback(world: World) -> None:
    """CVE-2020-8558: packets to 127.0.0.1, sent to the bridge by a container that is root in its own namespace."""
    world.host.serve(9000, "127.0.0.1")

    async def scenario(networks: Networks) -> None:
        endpoint = await start(networks, "a")
        inside = container(world, endpoint)
        inside.run(lambda: _write("/proc/sys/net/ipv4/conf/eth0/route_localnet", "1"))
        inside.shell("ip", "rule", "add", "pref", "1", "to", "127.0.0.0/8", "lookup", "100")
        inside.shell("ip", "rule", "add", "pref", "2", "lookup", "local")
        inside.shell("ip", "rule", "del", "pref", "0")
        inside.shell("ip", "route", "add", "127.0.0.0/8", "via", str(endpoint.gateway), "dev", "eth0", "table", "100")
        with refused():
            await ask(inside, "127.0.0.1", 9000, timeout=0.3)
        # The attack is real: without the guard it succeeds.
        world.host.shell("nft", "flush", "chain", "inet", world.config().nft_table, "guard")
        assert await ask(inside, "127.0.0.1", 9000) == address(endpoint)

    play(world, scenario)


def test_a_container_has_no_ipv6_but_on_loopback(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        inside = container(world, await start(networks, "a"))
        assert "inet6" not in inside.shell("ip", "address", "show", "dev", "eth0")
        assert "::1" in inside.shell("ip", "address", "show", "dev", "lo")
        assert "inet6" not in world.host.shell("ip", "address", "show", "dev", world.config().bridge)

    play(world, scenario)


def test_two_hundred_ports_are_one_transaction_and_cost_others_nothing(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        committed = _counted(networks)
        ports = [PortRequest(80 + each, host_port=20_000 + each) for each in range(200)]  # nobody else is in the world
        await start(networks, "a", *ports)
        assert [len(commands) for commands in committed] == [
            1,
            2,
        ]  # who may send; where ports lead: a map for each value
        committed.clear()
        other = await start(networks, "b", PortRequest(80))
        assert [len(commands) for commands in committed] == [1, 2]
        assert sum(len(each["add"]["element"]["elem"]) for each in committed[1]) == 2
        container(world, other).serve(80)
        assert await ask(world.outside, HOST, other.ports[0].host_port) == OUTSIDE
        committed.clear()
        await networks.release("a")
        assert len(committed) == 1

    play(world, scenario)


def _counted(networks: Networks) -> list[tuple[Document, ...]]:
    """The transactions that the driver commits from now on."""
    driver = networks._drivers["bridge"]
    assert isinstance(driver, BridgeDriver)
    run, committed = driver._nft.run, []

    async def counted(*commands: Document) -> None:
        committed.append(commands)
        await run(*commands)

    driver._nft.run = counted  # type: ignore[method-assign]
    return committed


def test_links_are_no_larger_than_the_uplink(world: World) -> None:
    world.host.shell("ip", "link", "set", "uplink", "mtu", "1400")

    async def scenario(networks: Networks) -> None:
        assert "mtu 1400" in container(world, await start(networks, "a")).shell("ip", "link", "show", "eth0")

    play(world, scenario)


def test_a_failed_attach_leaves_nothing(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        ports = [PortRequest(80, host_port=8080)]
        await networks.allocate("a", networks.resolve("default"), ports=ports)
        path = await networks.open_sandbox("a")
        world.inside(path).shell("ip", "link", "add", "eth0", "type", "bridge")
        with pytest.raises(EngineError, match=r"failed to attach pv\w+ to ps\w+: .*File exists"):
            await networks.attach("a")
        assert not links(world)
        assert "8080" not in world.host.shell("nft", "list", "ruleset")

    play(world, scenario)


def test_shutdown_without_containers_leaves_nothing(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await start(networks, "a", PortRequest(80))

    before = world.host.shell("ip", "-brief", "link")
    play(world, scenario)
    assert world.host.shell("nft", "list", "ruleset") == ""
    assert world.host.shell("ip", "-brief", "link") == before
    assert not (world.config().run / "netns").exists()


def _write(path: str, value: str) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    os.write(descriptor, value.encode())
    os.close(descriptor)
