"""Refusals, in one form: RFC 9457, `application/problem+json`."""

import json
import logging
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from pydantic import Field

from dashboard.hosts.client import EngineFailure
from dashboard.jobs.actions import Refused
from dashboard.jobs.files import NoRoom
from dashboard.jobs.params import InvalidParams

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"


class Fault(Schema):
    """One thing that is wrong in a request."""

    field: str = Field(description="Where, as in `body.parameters.ports.0.host_port`")
    reason: str


class Problem(Schema):
    """Why a request was refused."""

    type: str = "about:blank"
    title: str = Field(description="The status in words", examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="For people: what was refused, and why", examples=["No such host: attic"])
    request_id: str = Field(description="Names the request in the console's log")
    faults: list[Fault] = Field(default_factory=list)


class Refusal(Exception):
    """An operation refuses with this status and text."""

    def __init__(self, status: HTTPStatus, detail: str, faults: list[tuple[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = faults or []


def problem(
    request: HttpRequest, status: int, detail: str, faults: list[tuple[str, str]] | None = None
) -> HttpResponse:
    """The answer that tells of a refusal."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": getattr(request, "request_id", ""),
        "faults": [{"field": field, "reason": reason} for field, reason in faults or ()],
    }
    response = HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def install(api: NinjaAPI) -> None:
    """Every exception that an operation lets pass becomes a problem."""
    for kind, tell in _HANDLERS.items():
        api.add_exception_handler(kind, tell)


def _refusal(request: HttpRequest, error: Refusal) -> HttpResponse:
    return problem(request, error.status, error.detail, error.faults)


def _engine(request: HttpRequest, error: EngineFailure) -> HttpResponse:
    """The engine's own status where a client can do something about it; its defects are a bad gateway's, not ours."""
    status = error.status if error.status in _OF_ENGINES else HTTPStatus.BAD_GATEWAY
    return problem(request, status, error.message)


def _validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [(".".join(map(str, item["loc"])), str(item["msg"])) for item in error.errors]
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "The request can't be read", faults)


def _params(request: HttpRequest, error: InvalidParams) -> HttpResponse:
    faults = [(f"body.parameters.{field}".rstrip("."), reason) for field, reason in error.problems]
    return problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, "The job's parameters can't be used", faults)


def _defect(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("%s %s failed on a defect", request.method, request.path, exc_info=error)
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Portside failed; its log says more")


def _unauthorized(request: HttpRequest, _error: Exception) -> HttpResponse:
    return problem(request, HTTPStatus.UNAUTHORIZED, "Send a token as `Authorization: Bearer …`, or sign in")


_OF_ENGINES: Final = frozenset({400, 403, 404, 409, 501, 503})
_HANDLERS: Final[dict[type[Exception], Any]] = {
    Exception: _defect,
    Refusal: _refusal,
    EngineFailure: _engine,
    ValidationError: _validation,
    InvalidParams: _params,
    AuthenticationError: _unauthorized,
    HttpError: lambda request, error: problem(request, error.status_code, str(error)),
    Throttled: lambda request, error: problem(request, HTTPStatus.TOO_MANY_REQUESTS, str(error)),
    Refused: lambda request, error: problem(request, HTTPStatus.CONFLICT, str(error)),
    Http404: lambda request, error: problem(request, HTTPStatus.NOT_FOUND, str(error) or "There is no such thing"),
    PermissionDenied: lambda request, error: problem(request, HTTPStatus.FORBIDDEN, str(error) or "Not permitted"),
    NoRoom: lambda request, error: problem(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error)),
    RequestDataTooBig: lambda request, error: problem(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, str(error)),
}
