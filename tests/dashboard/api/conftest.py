"""A script with a token, and the console's Redis."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from dashboard.accounts.models import User
from dashboard.api.tokens import actions
from tests.support.jobs import console, make_job

__all__ = ["console", "make_job"]


@pytest.fixture(autouse=True)
def nothing_counted(no_redis: None) -> None:
    """Each test has the whole budget of requests."""
    cache.clear()


class Script:
    """Asks as a script does: JSON, and a token in the header."""

    def __init__(self, token: str) -> None:
        self.token = token
        self._client = Client(headers={"authorization": f"Bearer {token}"})

    def get(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> Any:
        return self._client.get(f"/api/v1{path}", data, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._client.post(f"/api/v1{path}", body or {}, content_type="application/json", headers=headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._client.put(f"/api/v1{path}", body or {}, content_type="application/json", headers=headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self._client.delete(f"/api/v1{path}", headers=headers)


@pytest.fixture
def script_of() -> Callable[..., Script]:
    """A script of a user's, with a token that has `scopes`."""

    def make(user: User, *scopes: str) -> Script:
        return Script(actions.create(user, "ci", scopes or ["*"])[1])

    return make


@pytest.fixture
def user(owner: User) -> User:
    """Who has asked for the jobs of `make_job`."""
    return owner


@pytest.fixture
def host(local: Any) -> Any:
    return local


@pytest.fixture
def script(owner: User, script_of: Callable[..., Script]) -> Script:
    """The owner's, with every scope."""
    return script_of(owner)
