"""The part of django-allauth that a console without sign-up and mail needs."""

from collections.abc import Iterable
from typing import Any

from allauth.account import views
from allauth.mfa.urls import urlpatterns as second_factors
from allauth.usersessions.urls import urlpatterns as sessions
from django.urls import URLPattern, URLResolver, include, path

from dashboard.access.need import personal


def _personal(patterns: Iterable[Any]) -> list[URLPattern | URLResolver]:
    """The patterns, each view declared as being about whoever has signed in, or open to all as it was."""
    found = list(patterns)
    for pattern in found:
        if isinstance(pattern, URLResolver):
            _personal(pattern.url_patterns)
        elif getattr(pattern.callback, "login_required", True):
            pattern.callback = personal(pattern.callback)
    return found


urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("password/change/", personal(views.password_change), name="account_change_password"),
    path("reauthenticate/", personal(views.reauthenticate), name="account_reauthenticate"),
    path("factors/", include(_personal(second_factors))),
    path("sessions/", include(_personal(sessions))),
]
