"""One's own tokens, and who one is."""

from http import HTTPStatus
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Path, Query, Status

from dashboard.access.permissions import Permission
from dashboard.api.models import EVERYTHING, Token
from dashboard.api.principal import Principal, principal_of
from dashboard.api.problems import Refusal
from dashboard.api.room import ANYBODY, Room
from dashboard.api.schemas.page import Page, PageQuery, paged
from dashboard.api.schemas.tokens import Myself, TokenMade, TokenOrder, TokenShown
from dashboard.api.tokens import actions

room = Room("tokens")
Prefix = Annotated[str, Path(pattern=r"^[a-z0-9]{10}$")]


@room.operation("GET", "/me", needs=ANYBODY, answers={200: Myself})
def me(request: HttpRequest) -> Principal:
    """Who you are, and what your token lets through."""
    return principal_of(request)


@room.operation("GET", "/tokens", needs=ANYBODY, answers={200: Page[TokenShown]})
def list_all(request: HttpRequest, query: Query[PageQuery]) -> dict[str, Any]:
    """List your own tokens that can be used."""
    mine = Token.objects.usable(timezone.now()).filter(user=principal_of(request).user)
    return paged(mine, lambda token: (token.prefix,), query)


@room.operation("POST", "/tokens", needs=ANYBODY, answers={201: TokenMade})
def create(request: HttpRequest, order: TokenOrder) -> Status[dict[str, Any]]:
    """Make a token for yourself. Its secret is in this answer, and nowhere else."""
    principal = principal_of(request)
    _refuse_what_is_more(principal, order)
    try:
        token, secret = actions.create(principal.user, order.name, order.scopes, expires=order.expires)
    except actions.UnknownScope as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), [("body.order.scopes", str(error))]) from error
    return Status(201, {**TokenShown.from_orm(token).dict(), "secret": secret})


@room.operation("DELETE", "/tokens/{prefix}", needs=ANYBODY, answers={204: None}, refuses=[HTTPStatus.NOT_FOUND])
def revoke(request: HttpRequest, prefix: Prefix) -> Status[None]:
    """Revoke one of your tokens: from now on it opens nothing."""
    mine = Token.objects.usable(timezone.now()).filter(user=principal_of(request).user, prefix=prefix).first()
    if mine is None:
        raise Http404(_("You have no token %(prefix)s") % {"prefix": prefix})
    actions.revoke(mine)
    return Status(204, None)


def _refuse_what_is_more(principal: Principal, order: TokenOrder) -> None:
    """A token makes tokens only with the scope `manage`, and none that can do, or lasts, more than itself."""
    if Permission.MANAGE not in principal.scopes:
        raise Refusal(HTTPStatus.FORBIDDEN, _("This needs a token with the scope: manage"))
    if principal.token is None or EVERYTHING in principal.token.scopes:
        more: set[str] = set()
    else:
        more = set(order.scopes) - set(principal.token.scopes)
    if more:
        raise Refusal(HTTPStatus.FORBIDDEN, _("This token has not the scope itself: %s") % ", ".join(sorted(more)))
    ends = principal.token.expires if principal.token else None
    if ends is not None and (order.expires is None or order.expires > ends):
        raise Refusal(HTTPStatus.FORBIDDEN, _("This token expires itself before: %s") % ends.isoformat())
