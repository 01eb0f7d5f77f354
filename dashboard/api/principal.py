"""Who asks, by a token or by a session, and what they may do here."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from dashboard.access.permissions import Permission
from dashboard.access.rights import Rights, rights_of
from dashboard.accounts.models import User
from dashboard.api.models import Token
from dashboard.jobs.origin import A_PAGE, By, Origin


@dataclass(frozen=True)
class Principal:
    """`scopes` are what the token lets through (a session: all); `rights` are the user's, within the scopes."""

    user: User
    token: Token | None
    scopes: frozenset[Permission]
    rights: Rights

    @classmethod
    def of(cls, user: User, token: Token | None) -> "Principal":
        scopes = frozenset(Permission) if token is None else token.permissions
        return cls(user, token, scopes, within(rights_of(user), scopes))

    @property
    def key(self) -> str:
        """By which requests are counted."""
        return f"user.{self.user.pk}" if self.token is None else f"token.{self.token.pk}"

    @property
    def by(self) -> By:
        """The way by which they ask for jobs."""
        return A_PAGE if self.token is None else By(Origin.TOKEN, self.token.name)


def principal_of(request: HttpRequest) -> Principal:
    """Who asks, as the operation's guard found it."""
    found: Any = getattr(request, "auth")  # noqa: B009  # django-ninja's own attribute, which Django's types don't know
    assert isinstance(found, Principal)  # noqa: S101  # an operation without a guard is a defect: see `room`
    return found


def within(rights: Rights, scopes: frozenset[Permission]) -> Rights:
    """Those of `rights` that `scopes` let through."""
    return Rights(
        rights.everywhere & scopes,
        {host: permitted & scopes for host, permitted in rights.hosts.items()},
        {project: permitted & scopes for project, permitted in rights.projects.items()},
        rights.places,
    )
