"""Networks with both families through the API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.conftest import Daemon

pytestmark = pytest.mark.root

_IPAM = [
    {
        "Subnet": "10.214.0.0/24",
        "IPRange": "10.214.0.128/25",
        "Gateway": "10.214.0.1",
        "AuxiliaryAddresses": {"printer": "10.214.0.7"},
    },
    {"Subnet": "fd21:4::/64", "Gateway": "fd21:4::1"},
]


@pytest.fixture
def dual(daemon: Daemon) -> Iterator[str]:
    body = {"Name": "dual", "EnableIPv6": True, "IPAM": {"Config": _IPAM}}
    answer = daemon.request("POST", "/networks/create", body)
    assert answer.status == 201, answer.body
    yield str(answer.json["Id"])
    for container in daemon.docker("ps", "--all", "--quiet").split():
        daemon.docker("rm", "--force", container)
    daemon.request("DELETE", "/networks/dual")


def _run(daemon: Daemon, name: str, **wishes: Any) -> dict[str, Any]:
    """The endpoint of a container that sleeps on the network, as inspect shows it."""
    container = daemon.create(
        Cmd=["sleep", "1000"],
        HostConfig={"NetworkMode": "dual"},
        NetworkingConfig={"EndpointsConfig": {"dual": {"Aliases": [name], **wishes}}},
    )
    daemon.docker("start", container)
    shown = daemon.request("GET", f"/containers/{container}/json").json["NetworkSettings"]["Networks"]["dual"]
    return {**shown, "Id": container}


def test_what_is_shown_of_it(daemon: Daemon, dual: str) -> None:
    _run(daemon, "one")
    shown = daemon.request("GET", f"/networks/{dual}").json
    assert shown["EnableIPv6"] is True
    assert shown["IPAM"]["Config"] == _IPAM
    (container,) = shown["Containers"].values()
    assert (container["IPv4Address"], container["IPv6Address"]) == ("10.214.0.128/24", "fd21:4::2/64")


def test_what_a_container_has_there(daemon: Daemon, dual: str) -> None:
    wanted = {"IPv4Address": "10.214.0.9", "IPv6Address": "fd21:4::9", "LinkLocalIPs": ["169.254.7.9"]}
    shown = _run(daemon, "one", IPAMConfig=wanted)
    assert shown["IPAMConfig"] == wanted
    assert (shown["IPAddress"], shown["IPPrefixLen"], shown["Gateway"]) == ("10.214.0.9", 24, "10.214.0.1")
    assert (shown["GlobalIPv6Address"], shown["GlobalIPv6PrefixLen"]) == ("fd21:4::9", 64)
    assert shown["IPv6Gateway"] == "fd21:4::1"
    inside = daemon.docker("exec", shown["Id"], "ip", "address", "show", "dev", "eth0")
    for address in ("10.214.0.9/24", "fd21:4::9/64", "169.254.7.9/16"):
        assert address in inside
    assert "default via fd21:4::1" in daemon.docker("exec", shown["Id"], "ip", "-6", "route")
    hosts = daemon.docker("exec", shown["Id"], "cat", "/etc/hosts")
    assert "10.214.0.9\t" in hosts
    assert "fd21:4::9\t" in hosts


def test_names_have_addresses_of_both_families(daemon: Daemon, dual: str) -> None:
    first = _run(daemon, "one")
    asker = _run(daemon, "two")
    told = daemon.docker("exec", asker["Id"], "nslookup", "one", "127.0.0.11")
    assert first["IPAddress"] in told
    assert first["GlobalIPv6Address"] in told


def test_ports_are_published_on_both_stacks(daemon: Daemon, dual: str) -> None:
    container = daemon.create(
        Cmd=["sleep", "1000"],
        ExposedPorts={"80/tcp": {}},
        HostConfig={"NetworkMode": "dual", "PortBindings": {"80/tcp": [{"HostPort": ""}]}},
    )
    daemon.docker("start", container)
    shown = daemon.request("GET", f"/containers/{container}/json").json["NetworkSettings"]["Ports"]["80/tcp"]
    assert [port["HostIp"] for port in shown] == ["0.0.0.0", "::"]
    listed = daemon.request("GET", "/containers/json").json[0]["Ports"]
    assert {port["IP"] for port in listed} == {"0.0.0.0", "::"}


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"IPAM": {"Config": [{"Subnet": "10.1.0.0/24"}, {"Subnet": "10.2.0.0/24"}]}}, 403, "multiple subnets"),
        ({"Driver": "host"}, 403, 'only one instance of "host" network is allowed'),
        ({"Driver": "macvlan", "Options": {"parent": "nothing"}}, 0, "nothing"),
        ({"Driver": "macvlan", "Options": {"parent": "lo.9999"}}, 0, "9999"),
        ({"EnableIPv6": True, "IPAM": {"Config": [{"Subnet": "fd21:4::/64", "Gateway": "fd99::1"}]}}, 0, "fd99::1"),
    ],
)
def test_what_can_not_be_made(daemon: Daemon, body: dict[str, Any], status: int, words: str) -> None:
    answer = daemon.request("POST", "/networks/create", {"Name": "other", **body})
    daemon.request("DELETE", "/networks/other")
    assert answer.status >= 400, json.dumps(answer.json)
    assert words in answer.message
    assert not status or answer.status == status


def test_an_address_of_a_network_without_that_family(daemon: Daemon) -> None:
    daemon.docker("network", "create", "--subnet", "10.215.0.0/24", "plain")
    try:
        container = daemon.create(
            Cmd=["true"],
            HostConfig={"NetworkMode": "plain"},
            NetworkingConfig={"EndpointsConfig": {"plain": {"IPAMConfig": {"IPv6Address": "fd99::9"}}}},
        )
        assert daemon.request("POST", f"/containers/{container}/start").status >= 400
        daemon.docker("rm", "--force", container)
    finally:
        daemon.docker("network", "rm", "plain")
