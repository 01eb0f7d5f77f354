"""The terminal's own page. The container's page includes the same panel."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.hosts.lookup import get_host


@needs(Permission.EXEC)
@require_GET
async def window(request: HttpRequest, host: str, container: str) -> HttpResponse:
    """A terminal that fills the window. Whether there is such a container, its socket says."""
    context = {"host": await get_host(host), "container": {"id": container}}
    return render(request, "terminal/window.html", context)
