import pytest

from engine.container import endpointoptions
from engine.container.checks.networks import check_endpoints
from engine.container.config import EndpointConfig
from engine.container.config.network import EndpointIPAMConfig
from engine.errors import InvalidParameter, NotSupported


def test_sysctls_are_files_of_the_interface() -> None:
    said = {endpointoptions.SYSCTLS: "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.neigh.IFNAME.gc_stale_time=9"}
    assert endpointoptions.sysctls(said) == (
        ("net/ipv4/conf/IFNAME/log_martians", "1"),
        ("net/ipv6/neigh/IFNAME/gc_stale_time", "9"),
    )


@pytest.mark.parametrize(
    "value",
    ["net.ipv4.ip_forward=1", "net.ipv4.conf.eth0.log_martians=1", "net.ipv4.conf.IFNAME.../x=1", "kernel.x=1", "a"],
)
def test_sysctls_that_are_not_the_interfaces(value: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid sysctl for endpoint"):
        endpointoptions.check({endpointoptions.SYSCTLS: value})


def test_options_that_there_are_not() -> None:
    with pytest.raises(NotSupported, match="endpoint driver option x"):
        endpointoptions.check({"x": "y"})
    for name in ("lo", "a/b", "sixteen-letters-"):
        with pytest.raises(InvalidParameter, match="ifname"):
            endpointoptions.check({endpointoptions.INTERFACE: name})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (EndpointIPAMConfig(ipv6_address="10.0.0.1"), "invalid IPv6 address: 10.0.0.1"),
        (EndpointIPAMConfig(ipv6_address="fe80::1%eth0"), "invalid IPv6 address"),
        (EndpointIPAMConfig(link_local_ips=["10.0.0.1"]), "invalid link-local IP address: 10.0.0.1"),
    ],
)
def test_addresses_that_there_are_not(wrong: EndpointIPAMConfig, words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        check_endpoints({"net": EndpointConfig(wrong)})
    right = EndpointIPAMConfig("10.0.0.9", "fd00::9", ["169.254.1.1", "fe80::1"])
    check_endpoints({"net": EndpointConfig(right)})
