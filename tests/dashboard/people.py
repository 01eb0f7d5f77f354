"""Users with rights, for tests."""

import time
from typing import Any

from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY as USER
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from django.test import Client

from dashboard.access.models import Grant, Team
from dashboard.access.permissions import Role
from dashboard.accounts.models import User


def person(name: str, role: Role | None = None, **place: Any) -> User:
    """A user who has `role` at `place` (`host=`, `project=`; neither: everywhere), or nowhere at all."""
    user = User.objects.create_user(name)
    if role is not None:
        grant(user, role, **place)
    return user


def grant(whom: User | Team, role: Role, **place: Any) -> None:
    """Give a user or a team `role` at `place`, as in `person`."""
    Grant.objects.create(**{"team" if isinstance(whom, Team) else "user": whom}, role=role, **place)


def confirmed(browser: Client) -> Client:
    """`browser` with a session in which the password was just asked for again."""
    session = browser.session
    session[USER] = session["_auth_user_id"]
    session[METHODS] = [{"method": "password", "at": time.time(), "reauthenticated": True}]
    session.save()
    return browser


def browser_of(user: User) -> Client:
    """A browser in which `user` has signed in."""
    client = Client()
    client.force_login(user)
    return client
