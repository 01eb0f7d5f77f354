import pytest

from engine.errors import InvalidParameter
from engine.network.ports import PortRequest, parse_port, port_requests, ports_json, ports_summary
from engine.networkdriver.driver import PublishedPort


@pytest.mark.parametrize(
    ("bindings", "expected"),
    [
        ({"80/tcp": [{"HostPort": "8080"}]}, PortRequest(80, "tcp", "", 8080)),
        ({"80": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}, PortRequest(80, "tcp", "127.0.0.1", 8080)),
        ({"53/UDP": [{"HostIp": "0.0.0.0", "HostPort": ""}]}, PortRequest(53, "udp", "0.0.0.0")),
        ({"80/tcp": [{"HostPort": "8000-8010"}]}, PortRequest(80, "tcp", "", 8000, 8010)),
        ({"80/tcp": [{"HostPort": "8000-8000"}]}, PortRequest(80, "tcp", "", 8000)),
        ({"132/sctp": None}, PortRequest(132, "sctp")),
        ({"80/tcp": []}, PortRequest(80)),
        ({"80/tcp": [{"HostIp": "::", "HostPort": "1"}]}, PortRequest(80, "tcp", "::", 1)),
    ],
)
def test_a_binding_is_read(bindings: dict[str, list[dict[str, str]] | None], expected: PortRequest) -> None:
    assert port_requests(bindings) == (expected,)


@pytest.mark.parametrize(
    "bindings",
    [
        {"0/tcp": []},
        {"65536/tcp": []},
        {"http/tcp": []},
        {"80/icmp": []},
        {"80-90/tcp": []},
        {"80/tcp": [{"HostPort": "65536"}]},
        {"80/tcp": [{"HostPort": "9000-8000"}]},
        {"80/tcp": [{"HostPort": "-1"}]},
        {"80/tcp": [{"HostPort": "80; drop"}]},
        {"80/tcp": [{"HostIp": "localhost"}]},
        {"80/tcp": [{"HostIp": "fe80::1%eth0"}]},
        {"80/tcp": [{"HostIp": "1.2.3.4\n"}]},
    ],
)
def test_what_is_no_port_is_refused(bindings: dict[str, list[dict[str, str]]]) -> None:
    with pytest.raises(InvalidParameter):
        port_requests(bindings)


@pytest.mark.parametrize("text", ["::1", "[::1]"])
def test_an_ipv6_address(text: str) -> None:
    (request,) = port_requests({"80/tcp": [{"HostIp": text, "HostPort": "80"}]})
    assert request.host_ip == "::1"


def test_publish_all_adds_the_exposed_ports_that_have_no_binding() -> None:
    requests = port_requests({"80/tcp": [{"HostPort": "1"}]}, exposed=["80/tcp", "443/tcp"], publish_all=True)
    assert requests == (PortRequest(80, host_port=1), PortRequest(443))


def test_the_candidates_of_a_request() -> None:
    assert list(PortRequest(80).candidates) == [0]
    assert list(PortRequest(80, host_port=5).candidates) == [5]
    assert list(PortRequest(80, host_port=5, host_port_end=7).candidates) == [5, 6, 7]


def test_a_port_without_protocol_is_tcp() -> None:
    assert parse_port("80") == (80, "tcp")


PUBLISHED = (PublishedPort(80, "tcp", "0.0.0.0", 8080), PublishedPort(80, "tcp", "127.0.0.1", 8081))


def test_ports_as_inspect_shows_them() -> None:
    assert ports_json(["443/tcp", "80/tcp"], PUBLISHED) == {
        "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "127.0.0.1", "HostPort": "8081"}],
        "443/tcp": None,
    }


def test_ports_as_a_list_shows_them() -> None:
    assert ports_summary(["443/tcp", "80/tcp"], PUBLISHED) == [
        {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
        {"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 8081, "Type": "tcp"},
        {"PrivatePort": 443, "Type": "tcp"},
    ]
