from ipaddress import IPv4Address

import pytest

from engine.errors import EngineError, Forbidden, InvalidParameter, NotSupported
from engine.network.creation import NetworkRequest, SubnetRequest, check, make_network
from engine.network.options import BRIDGE_NAME, GATEWAY_MODES, HOST_BINDING, ICC, MTU
from engine.network.records import Network
from engine.network.view import network_json


def request(subnet: str = "", ip_range: str = "", gateway: str = "") -> NetworkRequest:
    return NetworkRequest(name="net", subnets=[SubnetRequest(subnet, ip_range, gateway)])


def test_the_gateway_is_the_first_address_that_is_free() -> None:
    assert check(request(subnet="10.0.0.0/24"))[0].gateway == IPv4Address("10.0.0.1")
    assert check(request(subnet="10.0.0.0/24", ip_range="10.0.0.64/26"))[0].gateway == IPv4Address("10.0.0.64")
    reserved = SubnetRequest("10.0.0.0/24", auxiliary_addresses={"router": "10.0.0.1"})
    assert check(NetworkRequest(name="net", subnets=[reserved]))[0].gateway == IPv4Address("10.0.0.2")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (request(subnet="10.0.0.1/24"), "host bits"),
        (request(subnet="ten"), "invalid subnet ten"),
        (request(subnet="10.0.0.0/31"), "no room"),
        (request(gateway="10.0.0.1"), "needs a subnet"),
        (request(subnet="10.0.0.0/24", gateway="10.0.1.1"), "no host's address"),
        (request(subnet="10.0.0.0/24", gateway="10.0.0.255"), "no host's address"),
        (request(subnet="10.0.0.0/24", ip_range="10.0.1.0/26"), "not in subnet"),
        (request(subnet="10.0.0.0/24", ip_range="fd00::/80"), "not in subnet"),
        (request(subnet="fd00::/64"), "without IPv6"),
        (request(subnet="fd00::/127"), "no room"),
        (NetworkRequest(name="net", has_ipv6=True, options={MTU: "1279"}), "IPv6 needs 1280"),
        (NetworkRequest(name="net", options={GATEWAY_MODES[1]: "sideways"}), "gateway_mode_ipv6"),
        (NetworkRequest(name="net", options={ICC: "perhaps"}), ICC),
        (NetworkRequest(name="net", options={MTU: "67"}), MTU),
        (NetworkRequest(name="net", options={HOST_BINDING: "localhost"}), HOST_BINDING),
        (NetworkRequest(name="net", options={BRIDGE_NAME: "../x"}), BRIDGE_NAME),
        (NetworkRequest(name="net", options={BRIDGE_NAME: "a" * 16}), BRIDGE_NAME),
    ],
)
def test_what_can_not_be(wrong: NetworkRequest, words: str) -> None:
    with pytest.raises(InvalidParameter, match=words):
        check(wrong)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        (NetworkRequest(name="bridge"), Forbidden),
        (NetworkRequest(name="net", driver="host"), Forbidden),
        (NetworkRequest(name="net", driver="overlay"), NotSupported),
        (NetworkRequest(name="net", subnets=[SubnetRequest("10.0.0.0/24"), SubnetRequest("10.1.0.0/24")]), Forbidden),
        (NetworkRequest(name="net", options={GATEWAY_MODES[0]: "routed"}), NotSupported),
        (NetworkRequest(name="net", options={"com.docker.network.bridge.inhibit_ipv4": "true"}), NotSupported),
        (NetworkRequest(name="net", options={"encrypted": ""}), NotSupported),
    ],
)
def test_what_is_refused(wrong: NetworkRequest, kind: type[EngineError]) -> None:
    with pytest.raises(kind):
        check(wrong)


def test_a_network_is_the_same_from_its_record() -> None:
    said = NetworkRequest(
        name="net",
        subnets=[SubnetRequest("10.0.0.0/24", "10.0.0.128/25", "10.0.0.9", {"printer": "10.0.0.7"})],
        is_internal=True,
        is_attachable=True,
        labels={"a": "b"},
        options={ICC: "0", MTU: "1400", BRIDGE_NAME: "br7"},
    )
    network = make_network(said, check(said))
    assert Network.from_record(network.to_record()) == network
    shown = network_json(network)
    assert (shown["Internal"], shown["Attachable"], shown["Options"]) == (True, True, dict(said.options))
    assert network.plan is not None
    assert (network.plan.has_icc, network.plan.mtu, network.plan.interface) == (False, 1400, "br7")
