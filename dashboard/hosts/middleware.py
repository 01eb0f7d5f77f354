"""An engine's refusal, told to the user."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from dashboard.hosts.client import EngineFailure


class EngineErrors(MiddlewareMixin):
    """Turns an EngineFailure that a view lets pass into what `told` makes of it."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return told(request, error) if isinstance(error, EngineFailure) else None


def told(request: HttpRequest, failure: EngineFailure) -> HttpResponse:
    """A page with the failure's text and status.

    A request of htmx gets the bare message: base.js shows it beside the page, which stays as it is.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(failure.message, status=failure.status, content_type="text/plain; charset=utf-8")
    return render(request, "engine_error.html", {"error": failure}, status=failure.status)
