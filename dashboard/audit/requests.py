"""Requests that change something, or that were refused, as acts."""

from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from dashboard.access.objects import Kind
from dashboard.audit.chain import Act, append
from dashboard.audit.models import Outcome

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
#: Sign-ins tell of themselves, with what the signals know.
_TOLD_ELSEWHERE: Final = frozenset({"account_login", "account_logout"})
_API: Final = "/api/"
_NOTES: Final = "portside_notes"


class AuditTrail(MiddlewareMixin):
    """Writes an entry for each request that may change something, once it is known how it ended.

    Who only looks leaves no entry, unless it was not permitted. Nothing that was sent is written down but the names
    that a view notes with `note`: forms have secrets.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        match = request.resolver_match
        if match is None or match.view_name in _TOLD_ELSEWHERE or _is_a_look(request, response):
            return response
        parts = match.kwargs
        append(
            Act(
                action=match.view_name,
                actor=actor_of(request),
                address=address_of(request),
                way="api" if request.path.startswith(_API) else "page",
                host=str(parts.get("host", "")),
                target=_target(parts),
                outcome=_outcome(response.status_code),
                detail=_details(parts) | getattr(request, _NOTES, {}) | {"status": response.status_code},
            )
        )
        return response


def note(request: HttpRequest, **details: Any) -> None:
    """Add what only the view knows, such as the names that a bulk action is for. No secrets."""
    setattr(request, _NOTES, getattr(request, _NOTES, {}) | details)


def actor_of(request: HttpRequest) -> str:
    """The name of whoever asks: the API's guard leaves them in `auth`, by a token or by a session."""
    user = getattr(getattr(request, "auth", None), "user", None) or getattr(request, "user", None)
    return user.get_username() if user is not None and user.is_authenticated else ""


def address_of(request: HttpRequest | None) -> str:
    """Where the connection comes from; empty for a connection without an address."""
    return str(request.META.get("REMOTE_ADDR") or "") if request is not None else ""


def _is_a_look(request: HttpRequest, response: HttpResponseBase) -> bool:
    return request.method in SAFE_METHODS and response.status_code != HTTPStatus.FORBIDDEN


def _outcome(status: int) -> Outcome:
    if status in _REFUSED:
        return Outcome.REFUSED
    return Outcome.FAILED if status >= HTTPStatus.BAD_REQUEST else Outcome.ALLOWED


def _target(parts: dict[str, Any]) -> str:
    found = [f"{kind} {parts[kind]}" for kind in Kind if kind in parts]
    return found[0] if found else str(parts.get("pk", ""))


def _details(parts: dict[str, Any]) -> dict[str, Any]:
    """What else the address says, such as the action."""
    known = {*Kind, "host", "pk"}
    return {name: str(value) for name, value in parts.items() if name not in known}
