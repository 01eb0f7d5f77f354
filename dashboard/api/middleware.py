"""What the API's answers carry, whoever gave them: a request ID, the rate limit, a tag for conditional requests."""

import hashlib
import re
import secrets
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.deprecation import MiddlewareMixin

from dashboard.api.guard import BUDGET
from dashboard.api.rate import Budget

PREFIX: Final = "/api/"
_GIVEN: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
#: A larger body is not worth a hash: it changes each time, or is asked for once.
_TAGGED: Final = 4 * 1024 * 1024


class ApiAnswers(MiddlewareMixin):
    """Sees to requests under `/api/` alone."""

    def process_request(self, request: HttpRequest) -> None:
        """A proxy's own ID is kept, so that one request has one name in all logs."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8)
        setattr(request, "request_id", request_id)  # noqa: B010  # ours, which Django's types don't know

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not request.path.startswith(PREFIX):
            return response
        response["X-Request-ID"] = getattr(request, "request_id", "")
        response.setdefault("Cache-Control", "no-store" if request.method != "GET" else "private, no-cache")
        budget: Budget | None = getattr(request, BUDGET, None)
        if budget is not None:
            _tell(response, budget)
        return _conditional(request, response)


def _tell(response: HttpResponseBase, budget: Budget) -> None:
    response["RateLimit-Limit"] = str(budget.limit)
    response["RateLimit-Remaining"] = str(max(0, budget.left))
    response["RateLimit-Reset"] = str(budget.seconds)
    if budget.is_spent:
        response["Retry-After"] = str(budget.seconds)


def _conditional(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """304 where the client has this very answer. Lists and jobs are asked for over and over by those who wait."""
    content = getattr(response, "content", None)
    if request.method != "GET" or response.status_code != 200 or content is None or len(content) > _TAGGED:
        return response
    etag = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    response["ETag"] = etag
    answer: HttpResponseBase = get_conditional_response(request, etag, response=response) or response  # type: ignore[arg-type]
    return answer
