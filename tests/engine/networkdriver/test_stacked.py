"""Containers on top of the host's own interface: hosts of the network that it is in."""

import asyncio
from collections.abc import Mapping

import pytest

from engine.errors import Conflict, EngineError, InvalidParameter, NotSupported
from engine.network.creation import NetworkRequest, SubnetRequest
from engine.network.endpoints import Wishes
from engine.network.options import PARENT
from engine.network.ports import PortRequest
from engine.network.service import Networks
from tests.engine.networkdriver.play import address, address6, ask, container, on, play, refused, start
from tests.engine.networkdriver.world import HOST, OUTSIDE, OUTSIDE6, World

pytestmark = pytest.mark.root

_SUBNETS = (
    SubnetRequest("198.51.100.0/24", "198.51.100.64/26", OUTSIDE),
    SubnetRequest("2001:db8::/64", "2001:db8::a:0/112", OUTSIDE6),
)


async def make(
    networks: Networks,
    name: str = "lan",
    *,
    driver: str = "macvlan",
    options: Mapping[str, str] | None = None,
    is_internal: bool = False,
) -> None:
    has_own = name == "lan"
    request = NetworkRequest(
        name=name,
        driver=driver,
        subnets=_SUBNETS if has_own else (),
        has_ipv6=has_own,
        is_internal=is_internal,
        options={PARENT: "uplink"} if options is None else options,
    )
    await networks.create(request)


def test_a_container_is_a_host_of_the_parents_network(world: World) -> None:
    world.outside.serve(80)
    world.outside.serve(80, OUTSIDE6)

    async def scenario(networks: Networks) -> None:
        await make(networks)
        one = await on(networks, "a", "lan", PortRequest(80, host_port=8080))
        two = await on(networks, "b", "lan")
        assert (address(one), address6(one)) == ("198.51.100.64", "2001:db8::a:0")
        assert one.ports == ()
        inside = container(world, one)
        assert await ask(inside, OUTSIDE, 80) == address(one)
        assert await ask(inside, OUTSIDE6, 80) == address6(one)
        inside.serve(81)
        assert await ask(container(world, two), address(one), 81) == address(two)
        with refused():
            await ask(world.outside, HOST, 8080, timeout=0.3)
        await networks.disconnect("a", networks.resolve("lan"))
        assert "eth0" not in inside.shell("ip", "link")
        with refused():
            await ask(world.outside, address(one), 81, timeout=0.3)

    before = world.host.shell("ip", "-brief", "link")
    play(world, scenario)
    assert world.host.shell("ip", "-brief", "link") == before


def test_private_ones_do_not_reach_each_other(world: World) -> None:
    world.outside.serve(80)

    async def scenario(networks: Networks) -> None:
        await make(networks, options={PARENT: "uplink", "macvlan_mode": "private"})
        one, two = await on(networks, "a", "lan"), await on(networks, "b", "lan")
        container(world, one).serve(81)
        assert await ask(container(world, two), OUTSIDE, 80) == address(two)
        with refused():
            await ask(container(world, two), address(one), 81, timeout=0.3)

    play(world, scenario)


def test_passthru_is_for_one(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks, options={PARENT: "uplink", "macvlan_mode": "passthru"})
        await on(networks, "a", "lan")
        with pytest.raises(EngineError, match=r"failed to attach eth0 to uplink: .*Invalid argument"):
            await on(networks, "b", "lan")

    play(world, scenario)


def test_an_internal_one_has_no_default_route(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks, is_internal=True)
        inside = container(world, await on(networks, "a", "lan"))
        assert "default" not in inside.shell("ip", "route")
        assert "default" not in inside.shell("ip", "-6", "route")

    play(world, scenario)


def test_beside_a_bridge_the_default_route_and_the_ports_are_one_networks(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks)
        inside = container(world, await start(networks, "a", PortRequest(80, host_port=8080)))
        inside.serve(80)
        await networks.connect("a", networks.resolve("lan"), Wishes(), ports=(), name="a")
        assert await ask(world.host, "127.0.0.1", 8080)
        assert "default via 172.17.0.1" in inside.shell("ip", "route")
        assert f"default via {OUTSIDE6}" in inside.shell("ip", "-6", "route")
        await networks.disconnect("a", networks.resolve("bridge"))
        assert f"default via {OUTSIDE}" in inside.shell("ip", "route")

    play(world, scenario)


def test_it_outlives_a_killed_engine(world: World) -> None:
    async def before(networks: Networks) -> None:
        await make(networks)
        await on(networks, "a", "lan")

    async def after(networks: Networks) -> None:
        (endpoint,) = networks.endpoints_of("a")
        container(world, endpoint).serve(81)
        assert await ask(world.outside, address(endpoint), 81) == OUTSIDE
        assert address(await networks.allocate("b", networks.resolve("lan"))) == "198.51.100.65"

    play(world, before, is_killed=True)
    play(world, after, live=["a"])


def test_what_can_not_be(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks)
        with pytest.raises(Conflict, match=r"is already using parent interface uplink$"):
            await make(networks, "other")
        for parent in ("nothing", "nothing.7", "uplink.4095", "uplink.0"):
            with pytest.raises(InvalidParameter, match=f"-o parent interface was not found on the host: {parent} "):
                await make(networks, "other", options={PARENT: parent})

    play(world, scenario)


@pytest.mark.parametrize(
    ("driver", "options", "kind"),
    [("macvlan", {PARENT: "uplink.7"}, "vlan"), ("macvlan", {}, "dummy"), ("ipvlan", {PARENT: "uplink"}, "ipvlan")],
)
def test_what_the_kernel_may_lack(world: World, driver: str, options: dict[str, str], kind: str) -> None:
    """Where it does, the error says so, and nothing stays; where it does not, two containers reach each other."""
    before = world.host.shell("ip", "-brief", "link")
    is_known = bool(world.host.shell("sh", "-c", f"ip link add name probe0 {_probe(kind)} && echo yes", check=False))
    world.host.shell("ip", "link", "del", "probe0", check=False)

    async def scenario(networks: Networks) -> None:
        if not is_known:
            with pytest.raises(NotSupported, match=f"the kernel of this host has no interfaces of the kind {kind} "):
                await make(networks, "other", driver=driver, options=options)
            assert [network.name for network in networks.all()] == ["bridge", "host", "none"]
            return
        await make(networks, "other", driver=driver, options=options)
        one, two = await on(networks, "a", "other"), await on(networks, "b", "other")
        container(world, one).serve(80)
        assert await ask(container(world, two), address(one), 80) == address(two)
        await asyncio.gather(networks.release("a"), networks.release("b"))

    play(world, scenario)
    assert world.host.shell("ip", "-brief", "link") == before


def _probe(kind: str) -> str:
    return {"vlan": "link uplink type vlan id 9", "ipvlan": "link uplink type ipvlan"}.get(kind, f"type {kind}")
