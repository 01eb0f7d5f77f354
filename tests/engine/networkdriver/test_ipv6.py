"""Networks with both families: real packets of IPv6 through real namespaces."""

import asyncio
import socket
import struct
from ipaddress import IPv6Address, ip_address, ip_interface

import pytest

from engine.linux.inet import link_local
from engine.network.creation import NetworkRequest, SubnetRequest
from engine.network.endpoint import Endpoint
from engine.network.endpoints import Wishes
from engine.network.options import ICC
from engine.network.ports import PortRequest
from engine.network.service import Networks
from engine.network.view import network_json
from tests.engine.networkdriver.play import address, address6, ask, container, on, play, refused, start
from tests.engine.networkdriver.world import HOST, HOST6, OUTSIDE, OUTSIDE6, World

pytestmark = pytest.mark.root

_SUBNET = "fd07:7::/64"
_ICMPV6: int = socket.IPPROTO_ICMPV6
_ROUTER_ADVERTISEMENT, _NEIGHBOUR_ADVERTISEMENT = 134, 136


async def make(networks: Networks, name: str = "dual", subnet: str = _SUBNET, **more: object) -> None:
    subnets = [SubnetRequest(subnet)] if subnet else []
    await networks.create(NetworkRequest(name=name, has_ipv6=True, subnets=subnets, **more))  # type: ignore[arg-type]


def test_a_container_has_an_address_of_each_family(world: World) -> None:
    world.outside.serve(80, OUTSIDE6)
    world.outside.serve(80)

    async def scenario(networks: Networks) -> None:
        await make(networks)
        endpoint = await on(networks, "a", "dual")
        inside = container(world, endpoint)
        assert (address6(endpoint), str(endpoint.gateway6)) == ("fd07:7::2", "fd07:7::1")
        assert await ask(inside, OUTSIDE6, 80) == HOST6
        assert await ask(inside, OUTSIDE, 80) == HOST
        shown = network_json(networks.resolve("dual"), networks.endpoints(networks.resolve("dual")))
        assert shown["EnableIPv6"]
        assert shown["IPAM"]["Config"][1] == {"Subnet": _SUBNET, "Gateway": "fd07:7::1"}
        assert shown["Containers"]["a"]["IPv6Address"] == "fd07:7::2/64"

    play(world, scenario)
    assert world.host.shell("nft", "list", "ruleset") == ""


def test_a_subnet_of_the_engines_own_choice(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        for name in ("one", "two"):
            await make(networks, name, subnet="")
        one, two = (networks.resolve(name).spaces_of(6)[0].network for name in ("one", "two"))
        assert one.prefixlen == 64
        assert one.is_private
        assert one.supernet(new_prefix=48) == two.supernet(new_prefix=48)
        assert one != two

    play(world, scenario)


def test_a_published_port_answers_on_both_stacks(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks)
        served = await on(networks, "a", "dual", PortRequest(80, host_port=8080))
        other = await on(networks, "b", "dual")
        assert [(port.host_ip, port.host_port) for port in served.ports] == [("0.0.0.0", 8080), ("::", 8080)]
        container(world, served).serve(80, "::")
        for place, target in (
            (world.host, HOST6),
            (world.host, "fd07:7::1"),
            (world.host, "::1"),
            (world.outside, HOST6),
            (container(world, other), HOST6),
            (container(world, served), HOST6),
        ):
            assert await ask(place, target, 8080), (place.path, target)
        assert await ask(world.outside, HOST6, 8080) == OUTSIDE6  # the true address is kept
        await networks.release("a")
        for target in (HOST6, "::1"):
            with refused():
                await ask(world.host, target, 8080, timeout=0.3)

    play(world, scenario)


def test_a_port_on_one_address(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks)
        ports = [PortRequest(80, host_ip=HOST6, host_port=8080), PortRequest(80, host_ip="::1", host_port=8081)]
        served = await on(networks, "a", "dual", *ports)
        container(world, served).serve(80, "::")
        assert await ask(world.outside, HOST6, 8080) == OUTSIDE6
        assert await ask(world.host, "::1", 8081)
        for place, target, port in ((world.host, "::1", 8080), (world.outside, HOST6, 8081), (world.host, HOST, 8080)):
            with refused():
                await ask(place, target, port, timeout=0.3)

    play(world, scenario)


def test_a_udp_port(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks)
        served = await on(networks, "a", "dual", PortRequest(53, "udp", host_port=5353))
        container(world, served).serve_udp(53, "::")
        assert await asyncio.to_thread(world.outside.ask_udp, HOST6, 5353) == b"hello"

    play(world, scenario)


def test_who_reaches_whom(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks)
        await make(networks, "other", "fd07:8::/64")
        await make(networks, "cells", "fd07:9::/64", options={ICC: "false"})
        served, neighbour = await on(networks, "a", "dual"), await on(networks, "b", "dual")
        container(world, served).serve(80, "::")
        assert await ask(container(world, neighbour), address6(served), 80) == address6(neighbour)
        world.outside.shell("ip", "route", "add", "fd07::/16", "via", HOST6)
        with refused():
            await ask(world.outside, address6(served), 80, timeout=0.3)
        await networks.release("b")
        stranger = container(world, await on(networks, "b", "other"))
        with refused():
            await ask(stranger, address6(served), 80, timeout=0.3)
        await networks.release("a")
        await networks.release("b")
        celled, other = await on(networks, "a", "cells"), await on(networks, "b", "cells")
        container(world, celled).serve(80, "::")
        with refused():
            await ask(container(world, other), address6(celled), 80, timeout=0.3)

    play(world, scenario)


def test_an_internal_network_keeps_in_what_is_on_it(world: World) -> None:
    world.outside.serve(80, OUTSIDE6)

    async def scenario(networks: Networks) -> None:
        await make(networks, is_internal=True)
        inner = await on(networks, "a", "dual")
        assert inner.gateway6 is None
        inside = container(world, inner)
        inside.shell("ip", "route", "add", "default", "via", "fd07:7::1")
        with refused():
            await ask(inside, OUTSIDE6, 80, timeout=0.3)

    play(world, scenario)


def test_a_container_does_not_reach_what_the_host_serves_on_loopback(world: World) -> None:
    world.host.serve(9000, "::1")

    async def scenario(networks: Networks) -> None:
        await make(networks)
        inside = container(world, await on(networks, "a", "dual"))
        inside.shell("ip", "address", "del", "::1/128", "dev", "lo")
        inside.shell("ip", "-6", "route", "add", "::1/128", "via", "fd07:7::1", "dev", "eth0")
        with refused():
            await ask(inside, "::1", 9000, timeout=0.3)

    play(world, scenario)


def test_nobody_is_a_router_or_a_neighbour_by_his_own_word(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks)
        victim, attacker = await on(networks, "a", "dual"), await on(networks, "b", "dual")
        target, source = container(world, victim), container(world, attacker)
        for place in (target, world.host):
            place.shell("sysctl", "-qw", "net.ipv6.conf.all.accept_ra=2", "net.ipv6.conf.default.accept_ra=2")
        target.shell("sysctl", "-qw", "net.ipv6.conf.eth0.accept_ra=2")
        source.serve(80, "::")
        assert await ask(target, address6(attacker), 80)
        own = [attacker.address6.ip if attacker.address6 else None, link_local(attacker.mac)]
        for sender in own:
            assert isinstance(sender, IPv6Address)
            source.run(lambda sender=sender: _send(attacker, victim, sender, _router_advertisement()))  # type: ignore[misc]
            claim = _neighbour_advertisement(attacker, "fd07:7::1")
            source.run(lambda sender=sender, claim=claim: _send(attacker, victim, sender, claim))  # type: ignore[misc]
        assert await ask(target, address6(attacker), 80)
        assert "proto ra" not in target.shell("ip", "-6", "route")
        assert attacker.mac not in target.shell("ip", "-6", "neighbour", "show", "fd07:7::1")
        # An honest one passes, and so would the others if nobody looked.
        world.host.shell("nft", "delete", "table", "bridge", world.config().nft_table)
        source.run(lambda: _send(attacker, victim, link_local(attacker.mac), _router_advertisement()))
        await asyncio.sleep(0.05)
        assert "proto ra" in target.shell("ip", "-6", "route")

    play(world, scenario)


def test_addresses_that_were_asked_for(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks)
        wishes = Wishes(
            addresses=(ip_address("fd07:7::99"),),
            link_local=(ip_interface("169.254.8.8/16"), ip_interface("fe80::8/64")),
            interface="lan7",
            sysctls=(("net/ipv4/conf/IFNAME/log_martians", "1"),),
        )
        inside = container(world, await on(networks, "a", "dual", wishes=wishes))
        shown = inside.shell("ip", "address", "show", "dev", "lan7")
        for text in ("fd07:7::99/64", "169.254.8.8/16", "fe80::8/64"):
            assert text in shown
        assert inside.shell("cat", "/proc/sys/net/ipv4/conf/lan7/log_martians") == "1\n"
        other = container(world, await on(networks, "b", "dual"))
        other.shell("ip", "address", "add", "169.254.9.9/16", "dev", "eth0")
        inside.serve(80)
        with refused():  # an address that it gave itself is not its own
            await ask(other, "169.254.8.8", 80, timeout=0.3)
        other.shell("ip", "address", "del", "169.254.9.9/16", "dev", "eth0")
        other.shell("ip", "route", "add", "169.254.0.0/16", "dev", "eth0")
        assert await ask(other, "169.254.8.8", 80)

    play(world, scenario)


def test_ports_go_where_the_default_routes_go(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await make(networks, "m-dual")
        await make(networks, "z-dual", "fd07:8::/64")
        inside = container(world, await on(networks, "a", "m-dual", PortRequest(80, host_port=8080)))
        inside.serve(80)
        inside.serve(80, "::")
        for name, gateways in (("bridge", ("bridge", "m-dual")), ("z-dual", ("z-dual", "z-dual"))):
            wishes = Wishes(priority=int(name == "z-dual"))
            await networks.connect("a", networks.resolve(name), wishes, ports=(), name="a")
            ends = {port.host_ip: each.network_name for each in networks.endpoints_of("a") for port in each.ports}
            assert (ends["0.0.0.0"], ends["::"]) == gateways
            assert await ask(world.outside, HOST, 8080)
            assert await ask(world.outside, HOST6, 8080) == OUTSIDE6
        await networks.disconnect("a", networks.resolve("z-dual"))
        assert await ask(world.outside, HOST6, 8080) == OUTSIDE6

    play(world, scenario)


def test_all_of_it_outlives_a_killed_engine(world: World) -> None:
    async def before(networks: Networks) -> None:
        await make(networks)
        await on(networks, "a", "dual", PortRequest(80, host_port=8080))
        await networks.connect("a", networks.resolve("bridge"), Wishes(), ports=(), name="a")

    async def after(networks: Networks) -> None:
        endpoints = {endpoint.network_name: endpoint for endpoint in networks.endpoints_of("a")}
        assert (endpoints["bridge"].is_gateway, endpoints["dual"].is_gateway) == (True, False)
        assert (endpoints["bridge"].is_gateway6, endpoints["dual"].is_gateway6) == (False, True)
        container(world, endpoints["dual"]).serve(80, "::")
        assert await ask(world.outside, HOST6, 8080) == OUTSIDE6
        assert await ask(world.host, "::1", 8080)
        await networks.disconnect("a", networks.resolve("bridge"))
        assert await ask(world.host, "::1", 8080)
        assert await ask(world.outside, HOST6, 8080) == OUTSIDE6
        assert address6(await networks.allocate("b", networks.resolve("dual"))) != address6(endpoints["dual"])

    play(world, before, is_killed=True)
    play(world, after, live=["a"])
    assert world.host.shell("nft", "list", "ruleset") == ""


def test_a_network_of_ipv4_alone_stays_that(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        endpoint = await start(networks, "a", PortRequest(80, host_port=8080))
        assert [port.host_ip for port in endpoint.ports] == ["0.0.0.0"]
        assert "inet6" not in container(world, endpoint).shell("ip", "address", "show", "dev", "eth0")
        assert address(endpoint)

    play(world, scenario)


def _router_advertisement() -> bytes:
    """A router that is there for half an hour."""
    return struct.pack("!BBHBBHII", _ROUTER_ADVERTISEMENT, 0, 0, 64, 0, 1800, 0, 0)


def _neighbour_advertisement(source: Endpoint, claimed: str) -> bytes:
    """`claimed` is at the MAC of `source`: solicited, overriding."""
    option = struct.pack("!BB", 2, 1) + bytes.fromhex(source.mac.replace(":", ""))
    return struct.pack("!BBHI", _NEIGHBOUR_ADVERTISEMENT, 0, 0, 0x60000000) + IPv6Address(claimed).packed + option


def _send(source: Endpoint, target: Endpoint, sender: IPv6Address, message: bytes) -> None:
    """The ICMPv6 message from `sender` in a frame from `source` to `target`; its hop limit is 255, as NDP wants."""
    assert target.address6 is not None
    ends = sender.packed + link_local(target.mac).packed
    pseudo = ends + struct.pack("!II", len(message), _ICMPV6)
    total = sum(struct.unpack(f"!{len(pseudo + message) // 2}H", pseudo + message))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    message = message[:2] + struct.pack("!H", ~total & 0xFFFF) + message[4:]
    macs = b"".join(bytes.fromhex(each.mac.replace(":", "")) for each in (target, source))
    header = struct.pack("!IHBB", 0x60000000, len(message), _ICMPV6, 255)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((source.interface, 0))
        raw.send(macs + struct.pack("!H", 0x86DD) + header + ends + message)
