"""The door of every operation: who asks, may they, and not too often. In this order, before the request is read."""

from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security.apikey import APIKeyCookie
from ninja.security.http import HttpBearer

from dashboard.access.permissions import Permission
from dashboard.accounts.models import User
from dashboard.api import rate
from dashboard.api.principal import Principal
from dashboard.api.problems import Refusal
from dashboard.api.tokens import actions as tokens
from dashboard.audit.requests import note

#: Any one of these lets somebody in; what the operation then does may ask for a certain one.
Needs = frozenset[Permission]


class Token(HttpBearer):
    """`Authorization: Bearer …`. Who sends one that is none is refused, with a session or without."""

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        super().__init__()

    def __call__(self, request: HttpRequest) -> Any:
        if "Authorization" not in request.headers:
            return None
        found = super().__call__(request)
        if found is None:
            if rate.spend(f"failed.{request.META.get('REMOTE_ADDR', '')}", rate.FAILURES).is_spent:
                raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, _("Too many tokens that are none"))
            raise Refusal(HTTPStatus.UNAUTHORIZED, _("This token is unknown, expired or revoked"))
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Principal | None:
        found = tokens.find(token)
        return None if found is None else admitted(request, Principal.of(found.user, found), self._needs)


class Session(APIKeyCookie):
    """A signed-in user's cookie. What changes something carries the CSRF token too, as forms do."""

    param_name: str = settings.SESSION_COOKIE_NAME

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        super().__init__()

    def authenticate(self, request: HttpRequest, key: str | None) -> Principal | None:
        if not isinstance(request.user, User):
            return None
        return admitted(request, Principal.of(request.user, None), self._needs)

    def _get_key(self, request: HttpRequest) -> str | None:
        """The CSRF token guards a session; where there is none, a stranger asks, who is told so."""
        return super()._get_key(request) if self.param_name in request.COOKIES else None


def guards(needs: Needs) -> list[Any]:
    """What an operation with these needs asks of everybody."""
    return [Token(needs), Session(needs)]


def admitted(request: HttpRequest, principal: Principal, needs: Needs) -> Principal:
    """Raises Refusal: out of budget (429), or without any of the scopes (403)."""
    _tell_audit(request, principal)
    budget = rate.spend(principal.key, rate.REQUESTS)
    setattr(request, BUDGET, budget)
    if budget.is_spent:
        raise Refusal(
            HTTPStatus.TOO_MANY_REQUESTS, _("More than %(limit)d requests a minute") % {"limit": budget.limit}
        )
    if needs and not needs & principal.scopes:
        named = ", ".join(sorted(needs))
        raise Refusal(HTTPStatus.FORBIDDEN, _("This needs a token with the scope: %(named)s") % {"named": named})
    return principal


def _tell_audit(request: HttpRequest, principal: Principal) -> None:
    setattr(request, "way", "api")  # noqa: B010  # the audit's, which Django's types don't know
    if principal.token is not None:
        request.user = principal.user
        note(request, token=principal.token.prefix)


#: Where the middleware finds what to tell of the budget.
BUDGET: Final = "portside_budget"
