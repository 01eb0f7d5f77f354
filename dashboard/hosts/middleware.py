"""An engine's refusal, told to the user."""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import async_only_middleware

from dashboard.hosts.client import EngineFailure

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


@async_only_middleware
class EngineErrors:
    """Turns an EngineFailure that a view lets pass into a page with its text and status.

    A request of htmx gets the bare message: base.js shows it beside the page, which stays as it is.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        return await self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, EngineFailure):
            return None
        if request.headers.get("HX-Request"):
            return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
        return render(request, "engine_error.html", {"error": error}, status=error.status)
