from ipaddress import IPv4Network, IPv6Network

import pytest

from engine.addresspools import DEFAULT_RANGES, AddressRange, own_range
from engine.config import Config
from engine.errors import InvalidParameter


@pytest.mark.parametrize(
    ("text", "base", "size"),
    [
        ("10.0.0.0/8:24", "10.0.0.0/8", 24),
        ("10.0.0.0/24", "10.0.0.0/24", 24),
        ("fd00::/48:64", "fd00::/48", 64),
        ("fd00::/64", "fd00::/64", 64),
    ],
)
def test_a_range_is_read(text: str, base: str, size: int) -> None:
    found = AddressRange.parse(text)
    assert (str(found.base), found.size) == (base, size)
    assert AddressRange.parse(str(found)) == found


@pytest.mark.parametrize("text", ["ten", "10.0.0.0/8:7", "10.0.0.0/8:33", "10.0.0.1/8", "fd00::/48:x"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid address pool"):
        AddressRange.parse(text)


def test_the_first_subnet_that_is_free() -> None:
    pool = AddressRange.parse("10.0.0.0/16:24")
    assert pool.first_free([]) == IPv4Network("10.0.0.0/24")
    assert pool.first_free([IPv4Network("10.0.0.0/23"), IPv6Network("fd00::/8")]) == IPv4Network("10.0.2.0/24")
    assert pool.first_free([IPv4Network("10.0.0.0/8")]) is None
    assert pool.first_free([IPv4Network("10.0.0.0/17"), IPv4Network("10.0.128.0/17")]) is None


def test_a_range_of_ones_own() -> None:
    one, two = own_range("one"), own_range("two")
    assert one == own_range("one") != two
    assert (one.base.prefixlen, one.size) == (48, 64)
    assert one.base.subnet_of(IPv6Network("fd00::/8"))  # type: ignore[arg-type]


def test_what_the_environment_says() -> None:
    told = Config.from_environment({"PORTSIDE_ADDRESS_POOLS": "10.9.0.0/16:24, fd99::/48:64"})
    assert list(map(str, told.address_pools)) == ["10.9.0.0/16:24", "fd99::/48:64"]
    assert Config.from_environment({}).address_pools == DEFAULT_RANGES
