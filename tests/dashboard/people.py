"""Users with rights, for tests."""

from typing import Any

from django.test import Client

from dashboard.access.models import Grant
from dashboard.access.permissions import Role
from dashboard.accounts.models import User


def person(name: str, role: Role | None = None, **place: Any) -> User:
    """A user who has `role` at `place` (`host=`, `project=`; neither: everywhere), or nowhere at all."""
    user = User.objects.create_user(name)
    if role is not None:
        Grant.objects.create(user=user, role=role, **place)
    return user


def browser_of(user: User) -> Client:
    """A browser in which `user` has signed in."""
    client = Client()
    client.force_login(user)
    return client
