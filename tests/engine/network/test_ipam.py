import asyncio
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Network, ip_address, ip_interface, ip_network

import pytest

from engine.addresspools import AddressRange
from engine.errors import Conflict, InvalidParameter, Unavailable
from engine.linux.inet import IPNetwork
from engine.network.ipam import AddressPool, AddressPools, choose_subnet, only_chooser
from engine.network.records import AddressSpace

POOLS = tuple(map(AddressRange.parse, ("172.17.0.0/16", "172.18.0.0/16", "fd00::/48:64")))


def pool(subnet: str = "10.0.0.0/29") -> AddressPool:
    network = IPv4Network(subnet)
    return AddressPool(AddressSpace(network, network.network_address + 1))


@pytest.mark.parametrize(
    ("taken", "chosen"),
    [
        ([], "172.17.0.0/16"),
        (["0.0.0.0/0", "10.0.0.0/8"], "172.17.0.0/16"),
        (["172.17.5.0/24"], "172.18.0.0/16"),
        (["172.17.0.9/32"], "172.18.0.0/16"),
    ],
)
def test_the_first_pool_that_the_host_does_not_use(taken: list[str], chosen: str) -> None:
    assert choose_subnet(POOLS, map(IPv4Network, taken), 4) == IPv4Network(chosen)


async def test_only_one_engine_chooses_at_a_time() -> None:
    order = []

    async def choose(name: str) -> None:
        async with only_chooser():
            order.append(name)
            await asyncio.sleep(0.01)
            order.append(name)

    await asyncio.gather(choose("a"), choose("b"), choose("c"))
    assert [order[0], order[2], order[4]] == [order[1], order[3], order[5]]


def test_a_subnet_of_ipv6() -> None:
    taken: list[IPNetwork] = [
        IPv6Network("::/0"),
        IPv6Network("fd00::/64"),
        IPv6Network("fd00:0:0:1::/80"),
        IPv4Network("172.17.0.0/16"),
    ]
    assert choose_subnet(POOLS, taken, 6) == IPv6Network("fd00:0:0:2::/64")


def test_no_pool_is_left() -> None:
    with pytest.raises(Unavailable, match="non-overlapping"):
        choose_subnet(POOLS, [IPv4Network("172.16.0.0/12")], 4)


def test_the_lowest_free_address_is_given() -> None:
    addresses = pool()
    first, second = addresses.allocate(), addresses.allocate()
    assert (first, second) == (IPv4Interface("10.0.0.2/29"), IPv4Interface("10.0.0.3/29"))
    addresses.release(first.ip)
    assert addresses.allocate() == first


def test_an_address_that_was_asked_for() -> None:
    addresses = pool()
    wanted = IPv4Address("10.0.0.3")
    assert addresses.allocate(wanted) == IPv4Interface("10.0.0.3/29")
    with pytest.raises(Conflict, match="Address already in use"):
        addresses.allocate(wanted)
    assert [str(addresses.allocate().ip) for _ in range(2)] == ["10.0.0.2", "10.0.0.4"]


@pytest.mark.parametrize("address", ["10.0.0.0", "10.0.0.7", "10.0.1.2"])
def test_an_address_that_is_no_hosts_of_the_subnet(address: str) -> None:
    with pytest.raises(InvalidParameter):
        pool().allocate(IPv4Address(address))


def test_the_gateways_address_is_taken() -> None:
    with pytest.raises(Conflict):
        pool().allocate(IPv4Address("10.0.0.1"))


def test_a_full_subnet() -> None:
    addresses = pool()
    given = [addresses.allocate() for _ in range(5)]
    with pytest.raises(Unavailable, match="is full"):
        addresses.allocate()
    addresses.release(given[2].ip)
    assert addresses.allocate() == given[2]


def test_releasing_twice_is_no_error() -> None:
    addresses = pool()
    given = addresses.allocate().ip
    addresses.release(given)
    addresses.release(given)
    assert addresses.allocate().ip == given


def space(subnet: str) -> AddressSpace:
    network = ip_network(subnet)
    return AddressSpace(network, network.network_address + 1)


def test_an_address_of_each_family_or_none() -> None:
    addresses = AddressPools([space("10.0.0.0/30"), space("fd00::/64")])
    assert addresses.allocate({}) == [ip_interface("10.0.0.2/30"), ip_interface("fd00::2/64")]
    with pytest.raises(Unavailable, match="IPv4"):
        addresses.allocate({6: ip_address("fd00::9")})
    addresses.release(ip_address("10.0.0.2"))
    with pytest.raises(Conflict):
        addresses.allocate({6: ip_address("fd00::2")})
    assert addresses.allocate({6: ip_address("fd00::9")}) == [ip_interface("10.0.0.2/30"), ip_interface("fd00::9/64")]


def test_subnets_are_used_up_one_after_the_other() -> None:
    addresses = AddressPools([space("10.0.0.0/30"), space("10.0.1.0/30")])
    assert [str(addresses.allocate({})[0]) for _ in range(2)] == ["10.0.0.2/30", "10.0.1.2/30"]
    addresses.release(ip_address("10.0.1.2"))
    assert addresses.allocate({4: ip_address("10.0.1.2")}) == [ip_interface("10.0.1.2/30")]
    addresses.release(ip_address("10.0.1.2"))
    for wrong in ("10.0.2.2", "fd00::1"):
        with pytest.raises(InvalidParameter, match="does not belong to any of this network's subnets"):
            addresses.allocate({ip_address(wrong).version: ip_address(wrong)})
