"""What tests of the console share: users, their browsers' stand-in, and an engine's."""

from collections.abc import Iterator

import pytest
from django.conf import settings as console
from django.test import Client
from pytest_django.fixtures import Settings

from dashboard.accounts.models import User
from dashboard.hosts.models import LOCAL, Host
from tests.dashboard.standin import StandIn
from tests.support import session


@pytest.fixture(autouse=True)
def no_redis(settings: Settings) -> None:
    """Channel layer and cache in memory; a test that needs what Redis does asks for `redis_server` and sets them."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_superuser("owner", password="correct horse battery")


@pytest.fixture
def signed_in(owner: User, client: Client) -> Client:
    """The owner's browser."""
    client.force_login(owner)
    return client


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """An engine's stand-in: no containers run in it."""
    with StandIn(session.directory("standin") / "engine.sock") as started:
        yield started


@pytest.fixture
def local(db: None, standin: StandIn) -> Host:
    """The host `local`, at the stand-in."""
    host, _made = Host.objects.update_or_create(name=LOCAL, defaults={"url": standin.url})
    return host


@pytest.fixture
def cookie(transactional_db: None, client: Client) -> bytes:
    """A Cookie header that holds a signed-in user's session, for sockets."""
    client.force_login(User.objects.create_superuser("ada", password="correct horse battery"))
    return f"{console.SESSION_COOKIE_NAME}={client.cookies[console.SESSION_COOKIE_NAME].value}".encode()
