"""The command palette's entries, which the browser searches itself."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.hosts.client import EngineFailure
from dashboard.hosts.lookup import get_host
from dashboard.palette.entries import objects, pages


@needs(Permission.SEE)
@require_GET
async def entries(request: HttpRequest, host: str) -> HttpResponse:
    """`{"entries": [{"kind", "name", "url", "note"}, …], "missing": "…"}`.

    Without an engine there are pages still, and `missing` says why there is nothing more.
    """
    where = await get_host(host)
    found, missing = pages(where), ""
    try:
        found += await objects(where)
    except EngineFailure as failure:
        missing = failure.message
    return JsonResponse({"entries": [entry.to_json() for entry in found], "missing": missing})
