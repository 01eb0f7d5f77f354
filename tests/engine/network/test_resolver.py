"""Real questions from a container's namespace, answered by the engine or by a server outside."""

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from ipaddress import IPv6Address
from typing import Any

import pytest

from engine.network import dns
from engine.network.creation import NetworkRequest, SubnetRequest
from engine.network.endpoint import Endpoint
from engine.network.endpoints import Wishes
from engine.network.service import Networks
from engine.network.upstream import Upstream
from tests.engine.networkdriver.play import address, container, play
from tests.engine.networkdriver.world import OUTSIDE, OUTSIDE6, Namespace, World

pytestmark = pytest.mark.root

_SERVER = ("127.0.0.11", 53)


async def on(networks: Networks, key: str, names: tuple[str, ...], *on: str, **links: str) -> Endpoint:
    for network in on:
        wishes = Wishes(names=names, links=links)
        await networks.allocate(key, networks.resolve(network), wishes=wishes, name=names[0])
    await networks.open_sandbox(key)
    await networks.attach(key, [OUTSIDE])
    return networks.endpoints_of(key)[0]


def question(name: str, kind: int = dns.A) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, 1)


def by_udp(message: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect(_SERVER)
        client.send(message)
        return client.recv(4096)


def by_tcp(message: bytes) -> bytes:
    with socket.create_connection(_SERVER, timeout=5) as client, client.makefile("rwb") as stream:
        stream.write(len(message).to_bytes(2, "big") + message)
        stream.flush()
        return stream.read(int.from_bytes(stream.read(2), "big"))


def told(answer: bytes) -> tuple[int, list[str]]:
    """The answer's code, and the addresses in it: its records end with them."""
    code, count = answer[3] & 15, int.from_bytes(answer[6:8], "big")
    records = [answer[len(answer) - 16 * (each + 1) :][:16] for each in range(count)]
    return code, sorted(socket.inet_ntoa(record[-4:]) for record in records)


async def ask(place: Namespace, name: str, kind: int = dns.A, exchange: Any = by_udp) -> bytes:
    return await asyncio.to_thread(place.run, lambda: exchange(question(name, kind)))


def test_names_aliases_links_and_addresses(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="Shop"))
        await networks.create(NetworkRequest(name="other"))
        first = await on(networks, "a", ("web", "app"), "Shop")
        second = await on(networks, "b", ("db", "app"), "Shop", store="web")
        asker = container(world, second)
        for name in ("web", "WEB", "web.shop", "store"):
            assert told(await ask(asker, name)) == (0, [address(first)]), name
        assert told(await ask(asker, "app", exchange=by_tcp)) == (0, sorted([address(first), address(second)]))
        assert told(await ask(asker, "web", kind=28)) == (0, [])
        reverse = ".".join(reversed(address(first).split("."))) + ".in-addr.arpa"
        assert (await ask(asker, reverse, dns.PTR)).endswith(b"\3web\4Shop\0")
        await networks.rename("a", "web", "front")
        assert told(await ask(asker, "front")) == (0, [address(first)])
        await networks.disconnect("a", networks.resolve("Shop"))
        await networks.connect("a", networks.resolve("other"), Wishes(names=("web",)), ports=(), name="web")
        assert told(await ask(asker, "app")) == (0, [address(second)])

    play(world, scenario)


def test_addresses_of_ipv6(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="dual", has_ipv6=True, subnets=[SubnetRequest("fd07:7::/64")]))
        first = await on(networks, "a", ("web", "app"), "dual")
        second = await on(networks, "b", ("db", "app"), "dual")
        asker = container(world, second)
        assert told(await ask(asker, "web")) == (0, [address(first)])
        assert (await ask(asker, "web", dns.AAAA)).endswith(IPv6Address("fd07:7::2").packed)
        assert (await ask(asker, "app", dns.AAAA))[7] == 2
        reverse = IPv6Address("fd07:7::2").reverse_pointer
        assert (await ask(asker, reverse, dns.PTR)).endswith(b"\3web\4dual\0")

    play(world, scenario)


def test_a_server_of_ipv6_is_asked_by_the_container(world: World) -> None:
    heard: list[bytes] = []
    server = world.outside.run(lambda: _outside(heard, OUTSIDE6))

    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="dual", has_ipv6=True, subnets=[SubnetRequest("fd07:7::/64")]))
        endpoint = await on(networks, "a", ("web",), "dual")
        networks._resolvers._open["a"]._upstream = Upstream([OUTSIDE6], networks._sandboxes.path("a"))
        asker = container(world, endpoint)
        assert told(await ask(asker, "example.com")) == (0, ["192.0.2.1"])
        asker.shell("ip", "-6", "route", "del", "default")
        assert told(await ask(asker, "example.com")) == (dns.SERVER_FAILURE, [])

    play(world, scenario)
    server.close()


def test_what_is_not_here_is_asked_outside_but_never_from_an_internal_network(world: World) -> None:
    heard: list[bytes] = []
    server = world.outside.run(lambda: _outside(heard))

    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="open"))
        await networks.create(NetworkRequest(name="vault", is_internal=True))
        asker = container(world, await on(networks, "a", ("a",), "open"))
        assert told(await ask(asker, "example.com")) == (0, ["192.0.2.1"])
        count = len(heard)
        inner = container(world, await on(networks, "b", ("b",), "vault"))
        assert told(await ask(inner, "secret.example.com")) == (dns.SERVER_FAILURE, [])
        assert len(heard) == count
        networks._resolvers._open["b"]._upstream = type(networks._resolvers._open["b"]._upstream)(
            ["127.0.0.1"], networks._sandboxes.path("b")
        )
        world.host.run(lambda: _outside(heard, "127.0.0.1"))
        assert told(await ask(inner, "secret.example.com")) == (dns.SERVER_FAILURE, [])
        assert len(heard) == count

    play(world, scenario)
    server.close()


def test_a_container_may_have_a_server_of_its_own(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="open"))
        inside = container(world, await on(networks, "a", ("a",), "open"))
        inside.serve_udp(53)
        inside.serve(53)
        assert told(await ask(inside, "a"))[0] == 0

    play(world, scenario)


def test_malformed_questions_are_answered_as_such_and_answers_never(world: World) -> None:
    async def scenario(networks: Networks) -> None:
        await networks.create(NetworkRequest(name="open"))
        inside = container(world, await on(networks, "a", ("a",), "open"))
        cut = question("a")[:-3]
        assert (await asyncio.to_thread(inside.run, lambda: by_udp(cut)))[3] & 15 == dns.FORMAT_ERROR

    play(world, scenario)


def _outside(heard: list[bytes], host: str = OUTSIDE) -> socket.socket:
    """A name server that knows one address for every name."""
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((host, 53))
    server.settimeout(30)

    def serve() -> None:
        with server, suppress(OSError):
            while True:
                message, client = server.recvfrom(512)
                heard.append(message)
                answer = struct.pack("!3HIH4s", 0xC00C, 1, 1, 60, 4, socket.inet_aton("192.0.2.1"))
                head = message[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0)
                server.sendto(head + message[12:] + answer, client)

    threading.Thread(target=serve, daemon=True).start()
    return server
