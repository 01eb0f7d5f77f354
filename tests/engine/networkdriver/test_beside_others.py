"""Other programs on the same packet filter: there before us, coming later, flushing it."""

import pytest

from engine.network.creation import NetworkRequest
from engine.network.options import ICC
from engine.network.ports import PortRequest
from engine.network.service import Networks
from tests.engine.networkdriver.play import address, answers_again, ask, container, on, play, refused, start
from tests.engine.networkdriver.world import HOST, HOST6, OUTSIDE, OUTSIDE6, World

pytestmark = pytest.mark.root

#: What dockerd does at its start, as iptables commands.
DOCKERD = (
    "-P FORWARD DROP",
    "-N DOCKER-USER",
    "-A DOCKER-USER -j RETURN",
    "-I FORWARD -j DOCKER-USER",
)
UFW = ("-P FORWARD DROP", "-N ufw-before-forward", "-A FORWARD -j ufw-before-forward")
FIREWALLD = """
table inet firewalld {
  chain filter_FORWARD {
    type filter hook forward priority filter + 10; policy accept;
    ct state established,related accept
    reject with icmpx type admin-prohibited
  }
}
"""
POLICY = "table inet filter { chain forward { type filter hook forward priority filter; policy drop; }; }"


def iptables(world: World, *commands: str, program: str = "iptables") -> str:
    return "".join(world.host.shell(program, *command.split()) for command in commands)


async def works(world: World, networks: Networks) -> None:
    """A container reaches the outside, and is reached from there and from a neighbour."""
    served = await start(networks, "a", PortRequest(80, host_port=8080))
    container(world, served).serve(80)
    other = await start(networks, "b")
    assert await ask(container(world, served), OUTSIDE, 80) == HOST
    assert await ask(world.outside, HOST, 8080) == OUTSIDE
    assert await ask(container(world, other), HOST, 8080)


@pytest.mark.parametrize("commands", [DOCKERD, UFW], ids=["dockerd", "ufw"])
def test_beside_a_dropping_policy_of_iptables(world: World, commands: tuple[str, ...]) -> None:
    world.outside.serve(80)
    iptables(world, *commands)
    before = iptables(world, "-S")
    seen = []

    async def scenario(networks: Networks) -> None:
        await works(world, networks)
        seen.append(iptables(world, "-S"))

    play(world, scenario)
    place = "DOCKER-USER" if commands is DOCKERD else "FORWARD"
    bridge = world.config().bridge
    assert f"-A {place} -i {bridge} -m comment --comment {world.config().nft_table} -j ACCEPT" in seen[0]
    assert f"-A {place} -o {bridge} -m comment --comment {world.config().nft_table} -j ACCEPT" in seen[0]
    assert iptables(world, "-S") == before


@pytest.mark.parametrize("ruleset", [FIREWALLD, POLICY], ids=["firewalld", "policy"])
def test_beside_a_refusing_chain_of_nftables(world: World, ruleset: str) -> None:
    world.outside.serve(80)
    world.host.shell("nft", ruleset)
    before = world.host.shell("nft", "list", "ruleset")

    async def scenario(networks: Networks) -> None:
        await works(world, networks)

    play(world, scenario)
    assert world.host.shell("nft", "list", "ruleset") == before


def test_a_chain_that_refuses_nothing_is_left_alone(world: World) -> None:
    world.host.shell("nft", POLICY.replace("drop", "accept"))
    before = world.host.shell("nft", "list", "table", "inet", "filter")

    async def scenario(networks: Networks) -> None:
        await works(world, networks)
        assert world.host.shell("nft", "list", "table", "inet", "filter") == before

    world.outside.serve(80)
    play(world, scenario)


def test_legacy_iptables_that_drops(world: World) -> None:
    world.outside.serve(80)
    iptables(world, "-P FORWARD DROP", program="iptables-legacy")

    async def scenario(networks: Networks) -> None:
        await works(world, networks)

    play(world, scenario)
    assert iptables(world, "-S FORWARD", program="iptables-legacy") == "-P FORWARD DROP\n"


@pytest.mark.parametrize("commands", [DOCKERD, UFW], ids=["dockerd", "ufw"])
def test_a_firewall_that_comes_later(world: World, commands: tuple[str, ...]) -> None:
    async def scenario(networks: Networks) -> None:
        container(world, await start(networks, "a", PortRequest(80, host_port=8080))).serve(80)
        iptables(world, *commands)
        assert await answers_again(world.outside, HOST, 8080) == OUTSIDE

    play(world, scenario)


def test_everything_is_flushed(world: World) -> None:
    iptables(world, *DOCKERD)

    async def scenario(networks: Networks) -> None:
        container(world, await start(networks, "a", PortRequest(80, host_port=8080))).serve(80)
        world.host.shell("nft", "flush", "ruleset")
        assert await answers_again(world.outside, HOST, 8080) == OUTSIDE
        assert await answers_again(world.host, "127.0.0.1", 8080)

    play(world, scenario)


def test_a_bridge_is_deleted_by_hand(world: World) -> None:
    world.outside.serve(80)
    world.outside.serve(80, OUTSIDE6)

    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="dual", has_ipv6=True, options={ICC: "false"}))
        served = await on(networks, "a", "dual", PortRequest(80, host_port=8080))
        other = container(world, await on(networks, "b", "dual"))
        container(world, served).serve(80)
        world.host.shell("ip", "link", "del", networks.resolve("dual").interface)
        assert await answers_again(world.outside, HOST, 8080) == OUTSIDE
        assert await ask(container(world, served), OUTSIDE6, 80) == HOST6
        assert await ask(other, OUTSIDE, 80) == HOST
        with refused():  # what keeps them apart is there again, too
            await ask(other, address(served), 80, timeout=0.3)

    play(world, scenario)


def test_dropping_policies_of_both_families(world: World) -> None:
    """As dockerd with IPv6 leaves them; and once more after they were flushed, and set again, below a network."""
    world.outside.serve(80, OUTSIDE6)
    for program in ("iptables", "ip6tables"):
        iptables(world, *DOCKERD, program=program)
    before = iptables(world, "-S", program="ip6tables")

    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="dual", has_ipv6=True))
        inside = container(world, await on(networks, "a", "dual", PortRequest(80, host_port=8080)))
        inside.serve(80, "::")
        assert await ask(inside, OUTSIDE6, 80) == HOST6
        assert await ask(world.outside, HOST6, 8080) == OUTSIDE6
        assert world.config().bridge not in iptables(world, "-S", program="ip6tables")  # it has no IPv6
        world.host.shell("nft", "flush", "ruleset")
        iptables(world, *DOCKERD, program="ip6tables")
        assert await answers_again(world.outside, HOST6, 8080) == OUTSIDE6

    play(world, scenario)
    assert iptables(world, "-S", program="ip6tables") == before


def test_legacy_ip6tables_that_drops(world: World) -> None:
    iptables(world, "-P FORWARD DROP", program="ip6tables-legacy")

    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="dual", has_ipv6=True))
        container(world, await on(networks, "a", "dual", PortRequest(80, host_port=8080))).serve(80, "::")
        assert await ask(world.outside, HOST6, 8080) == OUTSIDE6

    play(world, scenario)
    assert iptables(world, "-S FORWARD", program="ip6tables-legacy") == "-P FORWARD DROP\n"


def test_another_engine_on_the_same_host(world: World) -> None:
    """Each has its own bridge, subnet and table; from one to the other only what is published is reached."""

    async def scenario(networks: Networks) -> None:
        served = await start(networks, "a", PortRequest(80, host_port=8080))
        container(world, served).serve(80)
        with world.networks(world.config(name="second")) as neighbours:
            await neighbours.restore(())
            other = await start(neighbours, "a")
            assert address(other) == "172.18.0.2"
            assert await ask(container(world, other), HOST, 8080)
            with refused():
                await ask(container(world, other), address(served), 80, timeout=0.3)
            await neighbours.release("a")
            await neighbours.shutdown()
        assert await ask(world.outside, HOST, 8080) == OUTSIDE

    play(world, scenario)


def test_one_published_port_is_taken_out_of_our_table(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        container(world, await start(networks, "a", PortRequest(80, host_port=8080))).serve(80)
        element = ("any_address", "{ tcp . 8080 }")
        world.host.shell("nft", "delete", "element", "inet", world.config().nft_table, *element)
        assert await answers_again(world.outside, HOST, 8080) == OUTSIDE

    play(world, scenario)


def test_a_table_that_is_gone_is_built_anew_by_the_next_container(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        world.host.shell("nft", "delete", "table", "inet", world.config().nft_table)
        container(world, await start(networks, "a", PortRequest(80, host_port=8080))).serve(80)
        assert await ask(world.outside, HOST, 8080) == OUTSIDE
        world.host.shell("nft", "delete", "table", "inet", world.config().nft_table)
        await networks.release("a")

    play(world, scenario)
