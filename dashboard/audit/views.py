"""The audit's page, and its export."""

from typing import Final

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.audit.export import lines
from dashboard.audit.query import QueryForm

PAGE_SIZE: Final = 100


@needs(Permission.MANAGE)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The entries that were asked for, newest first."""
    form = QueryForm(request.GET)
    page = Paginator(form.entries(), PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    return render(request, "audit/list.html", {"form": form, "page": page, "query": query.urlencode()})


@needs(Permission.MANAGE)
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """The same, oldest first and all of them, as JSON lines."""
    found = QueryForm(request.GET).entries().order_by("number")
    response = StreamingHttpResponse(lines(found), content_type="application/jsonl")
    response["Content-Disposition"] = 'attachment; filename="audit.jsonl"'
    return response
