"""Each case runs once a daemon; what a case makes is removed after it."""

from collections.abc import Callable, Iterator
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
def start_dockerd(nothing_is_left: None) -> Iterator[Callable[[], Docker]]:
    """Starts the session's dockerd, at the first call."""
    started: list[dockerd.Dockerd] = []

    def start() -> Docker:
        if not started:
            started.append(dockerd.Dockerd())
        return started[0].docker

    yield start
    for daemon in started:
        daemon.stop()


@pytest.fixture(params=["portside", "dockerd"])
def daemon(request: pytest.FixtureRequest, busybox: str) -> Iterator[Daemon]:
    if request.param == "dockerd" and not dockerd.is_present():
        pytest.skip("no dockerd on this host to compare with (Debian's docker.io has one)")
    docker = _docker(request)
    docker("pull", "--quiet", busybox)
    yield Daemon(docker, busybox)
    if containers := docker("ps", "--all", "--quiet").split():
        docker("rm", "--force", "--volumes", *containers)
    if volumes := docker("volume", "ls", "--quiet").split():
        docker("volume", "rm", *volumes)


def _docker(request: pytest.FixtureRequest) -> Docker:
    if request.param == "dockerd":
        start: Callable[[], Docker] = request.getfixturevalue("start_dockerd")
        return start()
    engine: EngineProcess = request.getfixturevalue("shared_engine")
    return engine.docker
