"""A browser's socket to the console, a user who is signed in, and a container on a real engine."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings as console
from django.test import Client
from pytest_django.fixtures import Settings

from dashboard.accounts.models import User
from dashboard.hosts.models import Host
from tests.dashboard.terminal.browser import Browser
from tests.support.engine import EngineProcess


@pytest.fixture(autouse=True)
def channel_layer(settings: Settings) -> None:
    """Terminals use none, but Channels opens one to refuse a wrong origin; that needs no Redis."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


@pytest.fixture
def user(transactional_db: None) -> User:
    return User.objects.create_user("ada", password="correct horse battery")


@pytest.fixture
def cookie(user: User, client: Client) -> str:
    """The value of a Cookie header that holds the user's session."""
    client.force_login(user)
    return f"{console.SESSION_COOKIE_NAME}={client.cookies[console.SESSION_COOKIE_NAME].value}"


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
def browser(container: Container, cookie: str) -> Browser:
    """A signed-in browser before the terminal of `container`; use it as an asynchronous context manager."""
    return Browser(container.path, cookie)
