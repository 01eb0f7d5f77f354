"""A container on a real engine, and a signed-in browser before it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dashboard.hosts.models import Host
from tests.dashboard.terminal.browser import Browser
from tests.support.engine import EngineProcess


@dataclass(frozen=True)
class Container:
    """A running busybox, called `name` on the console's host `here`."""

    name: str
    engine: EngineProcess

    @property
    def path(self) -> str:
        return f"/ws/hosts/here/containers/{self.name}/terminal/"

    def run(self, *argv: str) -> str:
        """The output of a program that runs in it."""
        return self.engine.docker("exec", self.name, *argv)


@pytest.fixture
def here(engine: EngineProcess, transactional_db: None) -> Host:
    return Host.objects.create(name="here", url=f"unix://{engine.socket}")


@pytest.fixture
def container(engine: EngineProcess, here: Host, busybox: str) -> Iterator[Container]:
    engine.docker("run", "--detach", "--network", "none", "--name", "term", busybox, "sleep", "1000")
    yield Container("term", engine)
    engine.docker("rm", "--force", "term")


@pytest.fixture
def browser(container: Container, cookie: bytes) -> Browser:
    """A signed-in browser before the terminal of `container`; use it as an asynchronous context manager."""
    return Browser(container.path, cookie)
