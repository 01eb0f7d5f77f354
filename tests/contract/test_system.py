"""The daemon itself: ping, version, info."""

import pytest

from tests.contract.conftest import Daemon

pytestmark = pytest.mark.root


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ping(daemon: Daemon, method: str) -> None:
    answer = daemon.request(method, "/_ping")

    assert answer.status == 200
    assert answer.body == (b"OK" if method == "GET" else b"")
    assert answer.headers["Api-Version"].startswith("1.")
    assert answer.headers["Ostype"] == "linux"
    assert answer.headers["Docker-Experimental"] == "false"
    assert answer.headers["Cache-Control"] == "no-cache, no-store, must-revalidate"
    assert answer.headers["Pragma"] == "no-cache"


@pytest.mark.parametrize("target", ["/version", "/v1.41/version"])
def test_version_with_and_without_a_prefix(daemon: Daemon, target: str) -> None:
    answer = daemon.request("GET", target)

    assert answer.status == 200
    assert answer.json["Os"] == "linux"
    assert {"Version", "ApiVersion", "MinAPIVersion", "Arch", "KernelVersion", "Components"} <= answer.json.keys()


def test_info_counts_containers_and_images(daemon: Daemon) -> None:
    before = daemon.request("GET", "/info").json
    daemon.create(Cmd=["true"])

    after = daemon.request("GET", "/info").json
    assert after["Containers"] == before["Containers"] + 1
    assert after["ContainersStopped"] == before["ContainersStopped"] + 1
    assert after["Images"] >= 1
    assert after["OSType"] == "linux"
    assert after["CgroupDriver"] in {"cgroupfs", "systemd"}
    assert {"ID", "Name", "Driver", "DriverStatus", "MemTotal", "NCPU", "Plugins", "ServerVersion"} <= after.keys()
