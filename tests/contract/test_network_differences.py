"""Where networks differ from dockerd's on purpose: each with its reason. Both are asked, so that the list is true.

The reasons are told to users in docs/networks.md.
"""

from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.contract.conftest import Daemon

pytestmark = pytest.mark.root


@dataclass(frozen=True)
class Difference:
    """A request for a network that dockerd takes (`status`) and this engine refuses, with these words."""

    name: str
    body: dict[str, Any]
    words: str
    reason: str


_V6: Final = {"Config": [{"Subnet": "fd21:9::/64"}]}

DIFFERENCES: Final = (
    Difference(
        "an IPv6 subnet on a network without IPv6",
        {"IPAM": _V6},
        "IPv6 subnet fd21:9::/64 on a network without IPv6 (EnableIPv6)",
        "dockerd makes a network without the subnet that was asked for, and says nothing",
    ),
    Difference(
        "an option that there is not",
        {"Options": {"com.docker.network.bridge.inhibit_ipv4": "true"}},
        "network option com.docker.network.bridge.inhibit_ipv4 is not supported",
        "an option that is taken and not heeded is a trap; the list of those that are heeded is in the documentation",
    ),
    Difference(
        "a gateway mode beside nat",
        {"Options": {"com.docker.network.bridge.gateway_mode_ipv4": "routed"}},
        "networks have the gateway mode nat",
        "dockerd before 27 does not know them; what is published here is always translated",
    ),
    Difference(
        "an IPAM driver's option",
        {"IPAM": {"Options": {"serial": "true"}}},
        "IPAM.Options",
        "addresses are given out in order, and there is nothing else to choose",
    ),
)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each.name.replace(" ", "-"))
def test_what_dockerd_takes_and_this_engine_refuses(daemon: Daemon, difference: Difference) -> None:
    answer = daemon.request("POST", "/networks/create", {"Name": "other", **difference.body})
    daemon.request("DELETE", "/networks/other")
    if _is_dockerd(daemon):
        assert answer.status == 201, answer.body
    else:
        assert answer.status >= 400
        assert difference.words in answer.message


def test_ports_of_a_container_without_ipv6(daemon: Daemon) -> None:
    """dockerd's proxy takes what comes by IPv6 to such a container and sends it on by IPv4, under its own address; this
    engine has no proxy, and publishes in the families that the container has."""
    daemon.docker("network", "create", "plain")
    try:
        container = daemon.create(
            Cmd=["sleep", "1000"],
            ExposedPorts={"80/tcp": {}},
            HostConfig={"NetworkMode": "plain", "PortBindings": {"80/tcp": [{"HostPort": ""}]}},
        )
        daemon.docker("start", container)
        shown = daemon.request("GET", f"/containers/{container}/json").json["NetworkSettings"]["Ports"]["80/tcp"]
        families = [port["HostIp"] for port in shown]
        assert families == (["0.0.0.0", "::"] if _is_dockerd(daemon) else ["0.0.0.0"])
        daemon.docker("rm", "--force", container)
    finally:
        daemon.docker("network", "rm", "plain")


def _is_dockerd(daemon: Daemon) -> bool:
    return bool(daemon.request("GET", "/version").json["Platform"]["Name"] != "Portside")
