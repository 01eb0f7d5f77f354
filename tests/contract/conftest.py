"""Each case runs once a daemon; what a case makes is removed after it."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import api, dockerd
from tests.support.docker_cli import Docker
from tests.support.engine import EngineProcess


@dataclass(frozen=True)
class Daemon:
    """A daemon that speaks the Engine API. `image` is a busybox that it has."""

    docker: Docker
    image: str

    @property
    def socket(self) -> Path:
        return self.docker.socket

    def request(self, method: str, target: str, body: object = None) -> api.Answer:
        return api.request(self.socket, method, target, body)

    def run(self, *words: str) -> str:
        """Standard output of `docker run --rm WORDS`, which name no image; busybox' shell runs the last of them."""
        *options, script = words
        return self.docker("run", "--rm", *options, self.image, "sh", "-c", script)

    def create(self, **config: object) -> str:
        """The ID of a container made through the API; `config` is its body without `Image`."""
        answer = self.request("POST", "/containers/create", {"Image": self.image, **config})
        assert answer.status == 201, answer.body
        return str(answer.json["Id"])


@pytest.fixture(scope="session")
def dockerd_with_busybox(nothing_is_left: None, busybox: str, busybox_layout: Path) -> Iterator[Docker]:
    if not dockerd.is_present():
        pytest.skip("no dockerd on this host to compare with (Debian's docker.io has one)")
    with dockerd.Dockerd() as started:
        started.load(busybox_layout, busybox)
        # Without its own loopback it takes the host for one without IPv6.
        argv = ["nsenter", f"--net=/proc/{started.pid}/ns/net", "ip", "link", "set", "lo", "up"]
        subprocess.run(argv, check=True)
        yield started.docker


@pytest.fixture(params=["portside", "dockerd"])
def daemon(request: pytest.FixtureRequest, busybox: str) -> Iterator[Daemon]:
    docker = _docker(request, busybox)
    yield Daemon(docker, busybox)
    if containers := docker("ps", "--all", "--quiet").split():
        docker("rm", "--force", "--volumes", *containers)
    if volumes := docker("volume", "ls", "--quiet").split():
        docker("volume", "rm", *volumes)


def _docker(request: pytest.FixtureRequest, busybox: str) -> Docker:
    if request.param == "dockerd":
        other: Docker = request.getfixturevalue("dockerd_with_busybox")
        return other
    engine: EngineProcess = request.getfixturevalue("shared_engine")
    engine.docker("pull", "--quiet", busybox)
    return engine.docker
