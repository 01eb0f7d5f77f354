"""An engine's refusal, told to the user."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from dashboard.hosts.client import EngineFailure


class EngineErrors(MiddlewareMixin):
    """Turns an EngineFailure that a view lets pass into a page with its text and status.

    A request of htmx gets the bare message: base.js shows it beside the page, which stays as it is.
    """

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, EngineFailure):
            return None
        if request.headers.get("HX-Request"):
            return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
        return render(request, "engine_error.html", {"error": error}, status=error.status)
