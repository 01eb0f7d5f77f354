"""Fixtures for all that has to do with jobs: a console whose state and Redis are the test's own, and jobs in it."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from dashboard.accounts.models import User
from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from dashboard.jobs.params import Kind, validated
from dashboard.jobs.states import State
from tests.support.redis import RedisServer

MakeJob = Callable[..., Job]


@dataclass(frozen=True)
class Console:
    """Where the parts of one console meet. `environment` is for processes that shall be parts of it too."""

    home: Path
    redis_url: str

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "PORTSIDE_HOME": str(self.home),
            "PORTSIDE_RUN": str(self.home),
            "REDIS_URL": self.redis_url,
            "DATABASE_URL": _database_url(),
        }


def _database_url() -> str:
    """The test's database, for processes that shall use it too."""
    database = django_settings.DATABASES["default"]
    if "sqlite3" in database["ENGINE"]:
        return f"sqlite://{database['NAME']}"
    names = {"USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    options = {option: database[name] for name, option in names.items() if database[name]}
    return f"postgresql:///{database['NAME']}?{urlencode(options | database['OPTIONS'])}"


def use(settings: Settings, console: Console) -> None:
    """Make this process a part of the console."""
    settings.REDIS_URL = console.redis_url
    layer = {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [console.redis_url]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, home=console.home, run=console.home)


@pytest.fixture
def console(settings: Settings, redis_server: RedisServer, tmp_path: Path) -> Console:
    made = Console(tmp_path, redis_server.url)
    (made.home / "console").mkdir(exist_ok=True)
    use(settings, made)
    return made


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_superuser("grace", password="correct horse battery")


@pytest.fixture
def host(db: None) -> Host:
    """A host of the test's own: its queue in the shared Redis holds nobody else's messages."""
    return Host.objects.create(name=f"h{secrets.token_hex(4)}", url="unix:///nonexistent/engine.sock")


@pytest.fixture
def make_job(host: Host, user: User) -> MakeJob:
    """Makes a row, in whatever state, without telling any worker."""

    def make(
        *, kind: Kind = Kind.PULL, state: State = State.QUEUED, params: dict[str, Any] | None = None, **fields: Any
    ) -> Job:
        checked = validated(kind, params or {"image": "busybox"}).model_dump(mode="json")
        return Job.objects.create(kind=kind, host=host, requested_by=user, params=checked, state=state, **fields)

    return make
