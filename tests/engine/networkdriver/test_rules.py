"""The documents, and that libnftables takes them and shows them as they are meant."""

import json
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_interface

import pytest

from engine.linux.nft import Nft
from engine.networkdriver import rules
from engine.networkdriver.driver import Link, NetworkPlan, PublishedPort, Subnet, mac_of
from tests.engine.networkdriver.world import World

PLAN = NetworkPlan(
    "n",
    "br0",
    (
        Subnet(IPv4Network("10.1.0.0/24"), IPv4Address("10.1.0.1")),
        Subnet(IPv6Network("fd01::/64"), IPv6Address("fd01::1")),
    ),
)
EXPECTED = """
iifname "br0" ip saddr 127.0.0.0/8 drop
iifname "br0" ip daddr 127.0.0.0/8 drop
fib daddr type local jump ports
ip saddr 10.1.0.0/24 oifname != "br0" masquerade
oifname "br0" ip saddr 10.1.0.0/24 ct status dnat masquerade
oifname "br0" ip saddr 127.0.0.0/8 masquerade
ip6 saddr fd01::/64 oifname != "br0" masquerade
oifname "br0" ip6 saddr fd01::/64 ct status dnat masquerade
oifname "br0" ip6 saddr ::1 masquerade
oifname "br0" ct state established,related accept
oifname "br0" iifname "br0" accept
oifname "br0" ct status dnat accept
oifname "br0" drop
"""


def link(*ports: PublishedPort) -> Link:
    addresses = (ip_interface("10.1.0.2/24"), ip_interface("fd01::2/64"))
    return Link("e", "02:42:0a:01:00:02", addresses, ports=ports)


ANY = PublishedPort(80, "tcp", "0.0.0.0", 8080)
NAMED = PublishedPort(53, "udp", "192.0.2.7", 5353)
ANY6 = PublishedPort(80, "tcp", "::", 8080)
NAMED6 = PublishedPort(53, "udp", "fd09::7", 5353)


def test_a_link_without_ports_needs_no_rules() -> None:
    assert rules.publish("t", link()) == []
    assert rules.withdraw("t", link()) == []


def test_a_port_is_one_element_of_each_map() -> None:
    elements = [document["add"]["element"] for document in rules.publish("t", link(ANY, NAMED, ANY6))]
    assert [(element["name"], element["elem"]) for element in elements] == [
        ("any_address", [[{"concat": ["tcp", 8080]}, "10.1.0.2"]]),
        ("any_port", [[{"concat": ["tcp", 8080]}, 80]]),
        ("named_address", [[{"concat": ["192.0.2.7", "udp", 5353]}, "10.1.0.2"]]),
        ("named_port", [[{"concat": ["192.0.2.7", "udp", 5353]}, 53]]),
        ("six_any_address", [[{"concat": ["tcp", 8080]}, "fd01::2"]]),
        ("six_any_port", [[{"concat": ["tcp", 8080]}, 80]]),
    ]


def test_withdrawing_names_the_same_elements() -> None:
    published = json.dumps(rules.publish("t", link(ANY, NAMED)))
    for document in rules.withdraw("t", link(ANY, NAMED)):
        for key in document["delete"]["element"]["elem"]:
            assert json.dumps(key) in published


def test_a_missing_chain_is_noticed() -> None:
    listing = [{"chain": {"table": "t", "name": name}} for name in rules.CHAINS]
    assert rules.is_complete("t", [{"metainfo": {}}, *listing])
    assert not rules.is_complete("t", listing[1:])
    assert not rules.is_complete("other", listing)


def test_the_mac_of_an_address() -> None:
    assert mac_of(IPv4Address("172.17.0.2")) == "02:42:ac:11:00:02"


@pytest.mark.root
def test_the_kernel_shows_what_was_meant(world: World) -> None:
    async def scenario() -> None:
        nft = Nft()
        await nft.run(*rules.table("t", {PLAN: [link(ANY, NAMED, NAMED6)]}))
        await nft.run(*rules.table("t", {PLAN: [link(ANY)]}))
        await nft.run(*rules.publish("t", link(NAMED)))
        await nft.run(*rules.withdraw("t", link(ANY)))
        nft.close()

    world.host.live(scenario)
    shown = world.host.shell("nft", "list", "table", "inet", "t")
    for line in EXPECTED.split("\n"):
        assert line in shown
    assert "192.0.2.7 . udp . 5353 : 10.1.0.2" in shown
    assert "fd09::7 . udp . 5353 : fd01::2" not in shown
    assert "tcp . 8080" not in shown
