"""Several networks on one host: who must not reach whom, and nobody under another's name."""

import socket
import struct
import time
from ipaddress import IPv4Address

import pytest

from engine.network.creation import NetworkRequest
from engine.network.endpoint import Endpoint
from engine.network.endpoints import Wishes
from engine.network.options import HOST_BINDING, ICC, MASQUERADE, MTU
from engine.network.ports import PortRequest
from engine.network.service import Networks
from tests.engine.networkdriver.play import address, ask, container, on, play, refused, start
from tests.engine.networkdriver.world import HOST, OUTSIDE, Namespace, World

pytestmark = pytest.mark.root

_ARP_REPLY = 2


def test_two_networks_reach_each_other_by_published_ports_alone(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="red"))
        served = await on(networks, "a", "red", PortRequest(80, host_port=8080))
        other = container(world, await start(networks, "b"))
        for port in (80, 81):
            container(world, served).serve(port)
        assert await ask(other, HOST, 8080)
        for port in (80, 81):
            with refused():
                await ask(other, address(served), port, timeout=0.3)

    play(world, scenario)


def test_an_internal_network_keeps_in_what_is_on_it(world: World) -> None:
    world.outside.serve(80)

    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="vault", is_internal=True))
        inner = await on(networks, "a", "vault", PortRequest(80, host_port=8081))
        assert (inner.gateway, inner.ports) == (None, ())
        served = await start(networks, "b", PortRequest(80, host_port=8080))
        container(world, served).serve(80)
        inside = container(world, inner)
        # One that is root inside can make itself a way; it leads nowhere.
        inside.shell("ip", "route", "add", "default", "via", str(networks.resolve("vault").spaces[0].gateway))
        for target, port in ((OUTSIDE, 80), (address(served), 80), (HOST, 8080)):
            with refused():
                await ask(inside, target, port, timeout=0.3)

    play(world, scenario)


def test_without_icc_containers_do_not_reach_each_other(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="cells", options={ICC: "false"}))
        served = await on(networks, "a", "cells", PortRequest(80, host_port=8080))
        other = container(world, await on(networks, "b", "cells"))
        container(world, served).serve(80)
        assert await ask(world.outside, HOST, 8080)
        with refused():
            await ask(other, address(served), 80, timeout=0.3)
        # Past its neighbours, by the bridge as a router.
        other.shell("ip", "route", "add", f"{address(served)}/32", "via", str(served.gateway))
        with refused():
            await ask(other, address(served), 80, timeout=0.3)

    play(world, scenario)


def test_the_options_of_a_bridge(world: World) -> None:
    options = {MTU: "1400", MASQUERADE: "false", HOST_BINDING: "127.0.0.1"}
    world.outside.serve(80)

    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="plain", options=options))
        endpoint = await on(networks, "a", "plain", PortRequest(80))
        inside = container(world, endpoint)
        assert endpoint.ports[0].host_ip == "127.0.0.1"
        assert "mtu 1400" in inside.shell("ip", "link", "show", "eth0")
        world.outside.shell("ip", "route", "add", "172.16.0.0/12", "via", HOST)
        assert await ask(inside, OUTSIDE, 80) == address(endpoint)

    play(world, scenario)


def test_a_container_sends_as_itself_alone(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        victim, attacker = await start(networks, "a"), await start(networks, "b")
        target, source = container(world, victim), container(world, attacker)
        heard = target.run(lambda: _listener(9999))
        heard.settimeout(0.3)
        source.run(lambda: _send_as(attacker, victim, address(attacker)))
        assert heard.recv(10) == b"hello"
        for liar in (str(victim.gateway), "172.17.0.99"):
            source.run(lambda liar=liar: _send_as(attacker, victim, liar))  # type: ignore[misc]
            with pytest.raises(TimeoutError):
                heard.recv(10)
        heard.close()
        source.run(lambda: _claim(attacker, victim, str(victim.gateway)))
        time.sleep(0.1)
        assert attacker.mac not in _neighbour(target, str(victim.gateway))

    play(world, scenario)


def test_the_default_route_goes_by_priority_then_by_name(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        for name in ("alpha", "beta", "gamma"):
            await networks.create(NetworkRequest(name=name))
        await networks.allocate("a", networks.resolve("beta"))
        inside = container(world, await on(networks, "a", "alpha"))
        assert _default_device(inside) == "eth1"
        await networks.connect("a", networks.resolve("gamma"), Wishes(priority=1), ports=(), name="a")
        assert _default_device(inside) == "eth2"
        await networks.disconnect("a", networks.resolve("gamma"))
        assert _default_device(inside) == "eth1"
        await networks.connect("a", networks.resolve("gamma"), Wishes(), ports=(), name="a")
        assert _default_device(inside) == "eth1"

    play(world, scenario)


def test_networks_and_fixed_addresses_outlive_a_killed_engine(world: World) -> None:
    async def before(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="red", options={ICC: "false"}, labels={"team": "blue"}))
        await on(networks, "a", "red", PortRequest(80, host_port=8080))
        await networks.connect("a", networks.resolve("bridge"), Wishes(), ports=(), name="a")
        await on(networks, "b", "red")

    async def after(networks: Networks) -> None:
        red = networks.resolve("red")
        assert (dict(red.labels), red.plan and red.plan.has_icc) == ({"team": "blue"}, False)
        assert networks.endpoints_of("b") == []
        names = {endpoint.network_name: endpoint for endpoint in networks.endpoints_of("a")}
        assert names.keys() == {"red", "bridge"}
        assert names["bridge"].ports  # by name it has the default route now
        container(world, names["bridge"]).serve(80)
        assert await ask(world.outside, HOST, 8080) == OUTSIDE
        assert address(await networks.allocate("b", red)) != address(names["red"])

    play(world, before, is_killed=True)
    play(world, after, live=["a"])
    assert "br-" not in world.host.shell("ip", "-brief", "link")
    assert world.host.shell("nft", "list", "ruleset") == ""


def _default_device(inside: Namespace) -> str:
    (line,) = inside.shell("ip", "route", "show", "default").splitlines()
    return line.split()[-1]


def _listener(port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("", port))
    return opened


def _frame(source: Endpoint, target: Endpoint, kind: int) -> bytes:
    mac = (bytes.fromhex(each.mac.replace(":", "")) for each in (target, source))
    return b"".join(mac) + kind.to_bytes(2, "big")


def _send_as(source: Endpoint, target: Endpoint, claimed: str) -> None:
    """A datagram to port 9999 of `target`, with `claimed` as its sender."""
    body = struct.pack("!4H", 9998, 9999, 13, 0) + b"hello"
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 17, 0)
    ends = IPv4Address(claimed).packed + IPv4Address(address(target)).packed
    words = struct.unpack("!10H", head + ends)
    total = sum(words)
    total = (total & 0xFFFF) + (total >> 16)
    head = head[:-2] + struct.pack("!H", ~total & 0xFFFF)
    _put(_frame(source, target, 0x0800) + head + ends + body)


def _claim(source: Endpoint, target: Endpoint, claimed: str) -> None:
    """An ARP reply by which `source` makes itself the owner of the address `claimed`."""
    own = bytes.fromhex(source.mac.replace(":", ""))
    to = bytes.fromhex(target.mac.replace(":", ""))
    ends = own + IPv4Address(claimed).packed + to + IPv4Address(address(target)).packed
    _put(_frame(source, target, 0x0806) + struct.pack("!HHBBH", 1, 0x0800, 6, 4, _ARP_REPLY) + ends)


def _put(frame: bytes) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind(("eth0", 0))
        raw.send(frame)


def _neighbour(inside: Namespace, who: str) -> str:
    inside.shell("ping", "-c", "1", "-W", "1", who, check=False)
    return inside.shell("ip", "neighbour", "show", who)
