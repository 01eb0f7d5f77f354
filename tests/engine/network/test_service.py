import asyncio
from ipaddress import IPv4Address

import pytest

from engine.errors import Conflict, EngineError, InvalidParameter, NotFound
from engine.network.endpoints import Wishes
from engine.network.ports import PortRequest
from engine.network.records import Network
from engine.network.service import Networks
from engine.network.view import network_json
from tests.engine.networkdriver.play import address, container, links, play, start
from tests.engine.networkdriver.world import World

pytestmark = pytest.mark.root


def test_the_three_networks_and_their_names(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        bridge, host, none = networks.all()
        assert [network.driver for network in (bridge, host, none)] == ["bridge", "host", "null"]
        for mode in ("", "default", "bridge", bridge.id, bridge.id[:12]):
            assert networks.resolve(mode) == bridge
        assert networks.resolve("none") == none
        assert host.is_host
        with pytest.raises(NotFound, match=r"^network backend not found$"):
            networks.resolve("backend")

    play(world, scenario)


def test_a_beginning_that_fits_several(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        networks._catalogue._networks = {key: Network(key, key.upper(), "null") for key in ("abc1", "abc2")}
        with pytest.raises(InvalidParameter, match="ambiguous"):
            networks.resolve("abc")

    play(world, scenario, is_killed=True)


def test_a_port_conflict_in_dockers_words_leaves_nothing(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        bridge = networks.resolve("bridge")
        request = PortRequest(80, host_port=8080)
        await networks.allocate("a", bridge, ports=[request], name="web")
        text = (
            r"^driver failed programming external connectivity on endpoint db \([0-9a-f]{64}\): "
            r"Bind for 0.0.0.0:8080 failed: port is already allocated$"
        )
        with pytest.raises(Conflict, match=text):
            await networks.allocate("b", bridge, ports=[request], name="/db")
        assert networks.endpoint("b") is None
        assert address(await networks.allocate("b", bridge)).endswith(".0.3")

    play(world, scenario)


def test_an_address_and_a_mac_that_were_asked_for(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        bridge = networks.resolve("bridge")
        wanted, mac = IPv4Address("172.17.4.4"), "02:42:00:00:00:07"
        endpoint = await networks.allocate("a", bridge, wishes=Wishes(addresses=(wanted,), mac=mac))
        await networks.open_sandbox("a")
        await networks.attach("a")
        shown = container(world, networks.endpoint("a") or endpoint).shell("ip", "address", "show", "eth0")
        assert "172.17.4.4/16" in shown
        assert mac in shown
        with pytest.raises(Conflict, match="Address already in use"):
            await networks.allocate("b", bridge, wishes=Wishes(addresses=(wanted,)))

    play(world, scenario)


def test_none_has_a_loopback_and_nothing_else(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        none = networks.resolve("none")
        endpoint = await networks.allocate("a", none, ports=[PortRequest(80, host_port=8080)])
        await networks.open_sandbox("a")
        await networks.attach("a")
        assert (endpoint.address, endpoint.ports) == (None, ())
        shown = container(world, networks.endpoint("a") or endpoint).shell("ip", "-brief", "link").splitlines()
        assert [line.split()[0] for line in shown] == ["lo"]

    play(world, scenario)


def test_host_needs_no_sandbox(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        endpoint = await networks.allocate("a", networks.resolve("host"))
        await networks.attach("a")
        assert networks.endpoint("a") == endpoint
        await networks.release("a")
        assert networks.endpoint("a") is None

    play(world, scenario)


def test_release_is_idempotent_and_goes_in_any_state(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await networks.release("a")
        await networks.allocate("a", networks.resolve("bridge"), ports=[PortRequest(80, host_port=8080)])
        await networks.release("a")
        await networks.open_sandbox("a")
        await networks.release("a")
        again = await start(networks, "a", PortRequest(80, host_port=8080))
        assert address(again).endswith(".0.2")
        await asyncio.gather(networks.release("a"), networks.release("a"))
        assert networks.endpoint("a") is None

    play(world, scenario)


def test_release_goes_on_past_what_fails(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        endpoint = await start(networks, "a", PortRequest(80, host_port=8080))
        driver = networks._drivers["bridge"]
        detach = driver.detach

        async def broken(*_: object, **__: object) -> None:
            raise EngineError("the kernel is on strike")

        driver.detach = broken  # type: ignore[method-assign]
        with pytest.raises(ExceptionGroup, match="failed to release the network of container a"):
            await networks.release("a")
        driver.detach = detach  # type: ignore[method-assign]
        assert networks.endpoint("a") is None
        assert endpoint.sandbox is not None
        assert not endpoint.sandbox.exists()
        await networks.allocate("b", networks.resolve("bridge"), ports=[PortRequest(80, host_port=8080)])

    play(world, scenario)


def test_many_at_once(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        keys = [f"many{number}" for number in range(20)]
        endpoints = await asyncio.gather(*(start(networks, key, PortRequest(80)) for key in keys))
        assert len({endpoint.address for endpoint in endpoints}) == len(keys)
        assert len({endpoint.ports[0].host_port for endpoint in endpoints}) == len(keys)
        await asyncio.gather(*(networks.release(key) for key in keys))
        assert not list((world.config().run / "netns").iterdir())
        assert "elements" not in world.host.shell("nft", "list", "table", "inet", world.config().nft_table)

    play(world, scenario)
    assert not links(world)


def test_what_inspect_shows(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        endpoint = await start(networks, "a")
        networks.name_of = {"a": "web"}.__getitem__
        bridge = networks.resolve("bridge")
        shown = network_json(bridge, networks.endpoints(bridge), networks.name_of)
        assert shown["IPAM"]["Config"] == [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]
        assert shown["Options"]["com.docker.network.bridge.name"] == world.config().bridge
        assert shown["Containers"] == {
            "a": {
                "Name": "web",
                "EndpointID": endpoint.endpoint_id,
                "MacAddress": "02:42:ac:11:00:02",
                "IPv4Address": "172.17.0.2/16",
                "IPv6Address": "",
            }
        }

    play(world, scenario)


def test_the_events_of_a_container_that_comes_and_goes(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        async with networks._events.subscribe() as events:
            await start(networks, "a")
            await networks.release("a")
            networks._events.close()
            seen = [(event.kind, event.action, dict(event.attributes)) async for event in events]
        attributes = {"container": "a", "name": "bridge", "type": "bridge"}
        assert seen == [("network", "connect", attributes), ("network", "disconnect", attributes)]

    play(world, scenario)
