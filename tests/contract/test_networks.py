"""Networks through the API: what is shown of them, and what is refused."""

from collections.abc import Iterator

import pytest

from tests.contract.conftest import Daemon

pytestmark = pytest.mark.root

_SUBNET = "10.213.0.0/24"


@pytest.fixture
def network(daemon: Daemon) -> Iterator[str]:
    body = {"Name": "office", "IPAM": {"Config": [{"Subnet": _SUBNET}]}, "Labels": {"a": "b"}}
    answer = daemon.request("POST", "/networks/create", body)
    assert answer.status == 201, answer.body
    yield str(answer.json["Id"])
    for container in daemon.docker("ps", "--all", "--quiet").split():
        daemon.docker("rm", "--force", container)
    daemon.request("DELETE", "/networks/office")


def _status(daemon: Daemon, method: str, target: str, body: object = None) -> tuple[int, str]:
    answer = daemon.request(method, target, body)
    return answer.status, answer.message if answer.status >= 400 else ""


def test_what_is_shown_of_a_network(daemon: Daemon, network: str) -> None:
    shown = daemon.request("GET", f"/networks/{network[:12]}").json

    assert (shown["Id"], shown["Name"], shown["Driver"], shown["Scope"]) == (network, "office", "bridge", "local")
    assert (shown["Internal"], shown["Attachable"], shown["EnableIPv6"]) == (False, False, False)
    assert shown["IPAM"]["Config"][0]["Subnet"] == _SUBNET
    assert (shown["Labels"], shown["Options"], shown["Containers"]) == ({"a": "b"}, {}, {})


def test_what_can_not_be_made(daemon: Daemon, network: str) -> None:
    status, message = _status(daemon, "POST", "/networks/create", {"Name": "office", "CheckDuplicate": True})
    assert (status, message) == (409, "network with name office already exists")
    overlapping = {"Name": "other", "IPAM": {"Config": [{"Subnet": "10.213.0.128/25"}]}}
    status, message = _status(daemon, "POST", "/networks/create", overlapping)
    assert status == 403
    assert "Pool overlaps with other one on this address space" in message
    status, message = _status(daemon, "POST", "/networks/create", {"Name": "bridge"})
    assert (status, message.strip()) == (403, "operation is not permitted on predefined bridge network")
    assert _status(daemon, "DELETE", "/networks/host") == (403, "host is a pre-defined network and cannot be removed")


def test_a_stopped_container_comes_and_goes(daemon: Daemon, network: str) -> None:
    container = daemon.create(Cmd=["true"])
    wishes = {"Container": container, "EndpointConfig": {"IPAMConfig": {"IPv4Address": "10.213.0.9"}, "Aliases": ["x"]}}
    assert _status(daemon, "POST", f"/networks/{network}/connect", wishes)[0] == 200
    shown = daemon.request("GET", f"/containers/{container}/json").json["NetworkSettings"]["Networks"]
    assert "office" in shown
    assert shown["office"]["IPAMConfig"] == {"IPv4Address": "10.213.0.9"}
    assert shown["office"]["IPAddress"] == ""
    assert _status(daemon, "POST", f"/networks/{network}/disconnect", {"Container": container})[0] == 200
    status, message = _status(daemon, "POST", f"/networks/{network}/disconnect", {"Container": container})
    assert status >= 400
    assert "is not connected to the network office" in message
    assert _status(daemon, "POST", "/networks/office/connect", {"Container": "nope"})[0] == 404


def test_a_running_container_keeps_its_network(daemon: Daemon, network: str) -> None:
    container = daemon.create(Cmd=["sleep", "1000"], HostConfig={"NetworkMode": "office"})
    daemon.docker("start", container)
    shown = daemon.request("GET", f"/containers/{container}/json").json["NetworkSettings"]
    assert (shown["IPAddress"], shown["Networks"]["office"]["IPAddress"]) == ("", "10.213.0.2")
    assert shown["Networks"]["office"]["Gateway"] == "10.213.0.1"
    assert "127.0.0.11" in daemon.docker("exec", container, "cat", "/etc/resolv.conf")
    status, message = _status(daemon, "DELETE", "/networks/office")
    assert status == 403
    assert "error while removing network: network office" in message
    assert "has active endpoints" in message
    status, message = _status(daemon, "POST", "/networks/office/connect", {"Container": container})
    assert status == 403
    assert "already exists in network office" in message
