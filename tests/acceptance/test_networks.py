"""Networks as their users have them: the docker client, containers that find and reach each other, and those that must
not."""

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = pytest.mark.root

_SLEEP = ("sleep", "1000")


@pytest.fixture
def docker(engine: EngineProcess) -> Iterator[Docker]:
    yield engine.docker
    if not engine.is_running:
        engine.restart()
    engine.remove_containers()
    engine.docker("network", "prune", "--force")


def _addresses(docker: Docker, container: str) -> dict[str, str]:
    found = json.loads(docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container))
    return {name: entry["IPAddress"] for name, entry in found.items()}


def _lookup(docker: Docker, container: str, name: str) -> list[str]:
    """The addresses that busybox's nslookup prints for `name`, sorted; empty where there are none."""
    answer = docker.run("exec", container, "nslookup", "-type=a", name).stdout
    _, _, told = answer.partition("\n\n")
    return sorted(line.split()[-1] for line in told.splitlines() if line.startswith("Address"))


def _reaches(docker: Docker, container: str, target: str) -> bool:
    return docker.run("exec", container, "ping", "-c", "1", "-W", "1", target).returncode == 0


def test_services_find_each_other_by_alias_and_survive_the_engine(
    engine: EngineProcess, docker: Docker, pulled_busybox: str
) -> None:
    docker("network", "create", "--label", "project=shop", "shop")
    docker("run", "-d", "--name", "shop-db-1", "--network", "shop", "--network-alias", "db", pulled_busybox, *_SLEEP)
    docker("run", "-d", "--name", "shop-web-1", "--network", "shop", "--network-alias", "web", pulled_busybox, *_SLEEP)
    address = _addresses(docker, "shop-db-1")["shop"]
    identifier = docker("inspect", "--format", "{{.Id}}", "shop-db-1")

    for name in ("db", "DB", "shop-db-1", identifier[:12], "db.shop"):
        assert _lookup(docker, "shop-web-1", name) == [address], name
    assert _reaches(docker, "shop-web-1", "db")
    reverse = docker("exec", "shop-web-1", "nslookup", address)
    assert "name = shop-db-1.shop" in reverse

    words = (
        "run",
        "--rm",
        "--network",
        "shop",
        "--link",
        "shop-db-1:storage",
        pulled_busybox,
        "ping",
        "-c1",
        "storage",
    )
    assert f"PING storage ({address})" in docker(*words)

    engine.kill9()
    engine.restart()
    assert _lookup(docker, "shop-web-1", "db") == [address]
    docker("rename", "shop-db-1", "store")
    assert _lookup(docker, "shop-web-1", "store") == [address]
    assert _lookup(docker, "shop-web-1", "shop-db-1") == []

    refused = docker.run("network", "rm", "shop")
    assert "has active endpoints" in refused.stderr
    docker("rm", "-f", "store", "shop-web-1")
    docker("network", "rm", "shop")
    assert "shop" not in docker("network", "ls", "--format", "{{.Name}}").split()


def test_a_running_container_is_connected_and_disconnected(docker: Docker, pulled_busybox: str) -> None:
    docker("network", "create", "back")
    docker("network", "create", "--internal", "quiet")
    docker("run", "-d", "--name", "db", "--network", "back", pulled_busybox, *_SLEEP)
    docker("run", "-d", "--name", "web", pulled_busybox, *_SLEEP)
    assert not _reaches(docker, "web", _addresses(docker, "db")["back"])

    docker("network", "connect", "--alias", "front", "back", "web")
    assert _reaches(docker, "web", "db")
    assert _lookup(docker, "db", "front") == [_addresses(docker, "web")["back"]]
    assert "eth1" in docker("exec", "web", "ip", "link")
    docker("network", "disconnect", "bridge", "web")
    assert _addresses(docker, "web").keys() == {"back"}
    routes = docker("exec", "web", "ip", "route")
    assert routes.startswith("default via ")
    assert "dev eth1" in routes.splitlines()[0]
    docker("network", "connect", "quiet", "web")
    docker("network", "disconnect", "back", "web")
    assert "default" not in docker("exec", "web", "ip", "route")

    docker("restart", "-t", "0", "web")
    assert _addresses(docker, "web").keys() == {"quiet"}
    docker("network", "disconnect", "quiet", "web")
    assert docker("exec", "web", "ip", "-o", "link").count("\n") == 0


def test_addresses_that_were_asked_for(docker: Docker, pulled_busybox: str) -> None:
    docker("network", "create", "--subnet", "10.214.0.0/24", "--ip-range", "10.214.0.128/25", "--gateway", "10.214.0.5",
           "--aux-address", "printer=10.214.0.128", "office")  # fmt: skip
    config = json.loads(docker("network", "inspect", "office"))[0]["IPAM"]["Config"]
    assert config == [
        {
            "Subnet": "10.214.0.0/24",
            "IPRange": "10.214.0.128/25",
            "Gateway": "10.214.0.5",
            "AuxiliaryAddresses": {"printer": "10.214.0.128"},
        }
    ]
    docker("run", "-d", "--name", "one", "--network", "office", "--ip", "10.214.0.7", pulled_busybox, *_SLEEP)
    docker("create", "--name", "two", "--network", "office", pulled_busybox, *_SLEEP)
    docker("start", "two")
    assert (_addresses(docker, "one"), _addresses(docker, "two")) == (
        {"office": "10.214.0.7"},
        {"office": "10.214.0.129"},
    )
    for words, message in (
        (("create", "office"), "network with name office already exists"),
        (("create", "--subnet", "10.214.0.0/16", "other"), "Pool overlaps with other one on this address space"),
        (("create", "--driver", "overlay", "other"), "not supported"),
        (("create", "host"), "operation is not permitted on predefined host network"),
        (("rm", "bridge"), "pre-defined network and cannot be removed"),
        (("connect", "host", "one"), "cannot be disconnected from host network or connected to host network"),
        (("disconnect", "bridge", "one"), "is not connected to the network bridge"),
        (("connect", "--ip", "10.9.9.9", "bridge", "one"), "supported on user defined networks only"),
    ):
        failed = docker.run("network", *words)
        assert failed.returncode != 0
        assert message in failed.stderr


def test_what_an_internal_network_keeps_in(engine: EngineProcess, docker: Docker, pulled_busybox: str) -> None:
    docker("network", "create", "--internal", "vault")
    docker("run", "-d", "--name", "db", "--network", "vault", pulled_busybox, *_SLEEP)
    docker("run", "-d", "--name", "app", "--network", "vault", pulled_busybox, *_SLEEP)
    assert _reaches(docker, "app", "db")
    assert "default" not in docker("exec", "app", "ip", "route")
    assert _lookup(docker, "app", "secret.example.com") == []


def test_a_published_port_follows_the_default_route(docker: Docker, pulled_busybox: str) -> None:
    docker("network", "create", "alpha")
    docker("network", "create", "-o", "com.docker.network.bridge.host_binding_ipv4=127.0.0.1", "beta")
    serve = "mkdir /www; echo here >/www/index.html; exec httpd -f -p 80 -h /www"
    docker("run", "-d", "--name", "web", "--network", "beta", "-p", "80", pulled_busybox, "sh", "-c", serve)
    place = docker("port", "web", "80/tcp")
    assert place.startswith("127.0.0.1:")
    until("an answer", lambda: _answers(place))
    docker("network", "connect", "alpha", "web")
    assert docker("port", "web", "80/tcp") == place
    until("an answer by the other network", lambda: _answers(place))
    docker("network", "disconnect", "beta", "web")
    until("an answer by the network that is left", lambda: _answers(place))


def _answers(place: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{place}/", timeout=1) as answer:
        return bool(answer.read() == b"here\n")
    return False


def test_networks_are_found_by_filters_and_pruned(docker: Docker, pulled_busybox: str) -> None:
    for name, label in (("red", "colour=red"), ("blue", "colour=blue"), ("used", "colour=red")):
        docker("network", "create", "--label", label, name)
    docker("run", "-d", "--name", "user", "--network", "used", pulled_busybox, *_SLEEP)

    def listed(*filters: str) -> set[str]:
        words = [word for each in filters for word in ("--filter", each)]
        return set(docker("network", "ls", "--format", "{{.Name}}", *words).split())

    assert listed("type=custom") == {"red", "blue", "used"}
    assert listed("label=colour=red") == {"red", "used"}
    assert listed("dangling=true") == {"red", "blue"}
    assert "red" in docker("network", "prune", "--force", "--filter", "label=colour=red")
    assert listed("type=custom") == {"blue", "used"}


def test_a_network_that_can_not_stand_keeps_the_engine_from_nothing_else(
    engine: EngineProcess, pulled_busybox: str
) -> None:
    docker, bridge = engine.docker, f"pst{engine.config.instance}"
    docker("network", "create", "--opt", f"com.docker.network.bridge.name={bridge}", "blocked")
    engine.stop()
    subprocess.run(["ip", "link", "add", bridge, "type", "veth", "peer", f"{bridge}p"], check=True)
    try:
        engine.restart()
        assert docker("run", "--rm", pulled_busybox, "echo", "on the default bridge") == "on the default bridge"
        refused = docker.run("run", "--rm", "--network", "blocked", pulled_busybox, "true")
        assert refused.returncode == 125
        assert f"failed to open network {bridge}" in refused.stderr
        engine.stop()
        assert subprocess.run(["ip", "link", "show", bridge], check=False, stdout=subprocess.DEVNULL).returncode == 0
        engine.restart()
    finally:
        subprocess.run(["ip", "link", "delete", bridge], check=True)
    assert docker("run", "--rm", "--network", "blocked", pulled_busybox, "echo", "mended") == "mended"
    docker("network", "rm", "blocked")
