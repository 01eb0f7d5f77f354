from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from engine.linux import addressing, interfaces, netlink
from tests.engine.networkdriver.world import HOST, World, world

__all__ = ["world"]

pytestmark = pytest.mark.root


def test_a_bridge_is_made_and_deleted(world: World) -> None:
    def work() -> None:
        with netlink.RouteSocket() as route:
            route.transact(interfaces.add_bridge("br0", "02:42:0a:01:00:01", 1400))
            index = netlink.index_of("br0")
            assert index is not None
            route.transact(addressing.add_address(index, IPv4Interface("10.1.0.1/24")))
            route.transact(addressing.add_address(index, IPv4Interface("10.1.0.1/24")))
            assert interfaces.mtu_of(route, index) == 1400
            assert (index, IPv4Interface("10.1.0.1/24")) in addressing.addresses(route)
            route.transact(interfaces.delete_link("br0"))
            assert netlink.index_of("br0") is None
            assert interfaces.mtu_of(route, index) is None

    world.host.run(work)


def test_one_call_makes_all_that_can_be_made_and_names_what_failed(world: World) -> None:
    def work() -> None:
        first = interfaces.add_bridge("br0", "02:42:0a:01:00:01", 1500)
        second = interfaces.add_bridge("br1", "02:42:0a:01:00:02", 1500)
        with netlink.RouteSocket() as route:
            with pytest.raises(FileExistsError) as caught:
                route.transact(first, first, second)
            assert caught.value.filename == "add bridge br0"
            assert netlink.index_of("br1") is not None

    world.host.run(work)


def test_the_kernels_own_words_are_in_the_error(world: World) -> None:
    def work() -> None:
        index = netlink.index_of("uplink")
        assert index is not None
        with netlink.RouteSocket() as route, pytest.raises(OSError, match="Nexthop has invalid gateway"):
            route.transact(addressing.set_default_route(index, IPv4Address("203.0.113.1"), 4))

    world.host.shell("ip", "route", "del", "default")
    world.host.run(work)


def test_routes_and_addresses_of_the_host(world: World) -> None:
    def work() -> None:
        with netlink.RouteSocket() as route:
            found = {(str(entry.destination), entry.index) for entry in addressing.routes(route)}
            index = netlink.index_of("uplink")
            assert index is not None
            assert ("0.0.0.0/0", index) in found
            assert (str(IPv4Network(f"{HOST}/24", strict=False)), index) in found
            assert addressing.addresses(route)[-1] == (index, IPv4Interface(f"{HOST}/24"))

    world.host.run(work)
