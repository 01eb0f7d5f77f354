"""Signing in and out, as Django's signals tell of it."""

from typing import Any

from django.http import HttpRequest

from dashboard.audit.chain import Act, append
from dashboard.audit.models import Outcome
from dashboard.audit.requests import address_of


def signed_in(request: HttpRequest, user: Any, **_signal: Any) -> None:
    append(Act(action="sign-in", actor=user.get_username(), address=address_of(request)))


def signed_out(request: HttpRequest, user: Any, **_signal: Any) -> None:
    if user is not None:
        append(Act(action="sign-out", actor=user.get_username(), address=address_of(request)))


def refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_signal: Any) -> None:
    """The name as it was typed: it may be nobody's."""
    name = str(credentials.get("username", ""))
    append(Act(action="sign-in", actor=name, address=address_of(request), outcome=Outcome.REFUSED))
