"""The page of a host's events. They come through its socket."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.hosts.live import Kind
from dashboard.hosts.lookup import get_host

#: Spans of the past to choose from, in seconds.
SPANS: Final = (
    (0, _("From now on")),
    (600, _("10 minutes")),
    (3600, _("1 hour")),
    (24 * 3600, _("1 day")),
    (7 * 24 * 3600, _("1 week")),
)
SHOWN_FIRST: Final = 3600
KINDS: Final = (Kind.CONTAINER, Kind.IMAGE, Kind.VOLUME, Kind.NETWORK)


@needs(Permission.SEE)
@require_GET
async def index(request: HttpRequest, host: str) -> HttpResponse:
    """The page, without any event."""
    context = {"host": await get_host(host), "spans": SPANS, "ago": SHOWN_FIRST, "kinds": KINDS}
    return render(request, "events/list.html", context)
