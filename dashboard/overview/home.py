"""Where a user's day begins."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from dashboard.access.middleware import rights_in
from dashboard.access.need import personal
from dashboard.access.permissions import Permission
from dashboard.hosts.models import LOCAL, Host


@personal
@require_GET
async def home(request: HttpRequest) -> HttpResponse:
    """On to the overview of a host that the user sees, or to the containers of one that they see a part of."""
    rights = rights_in(request)
    names = [host.name async for host in Host.objects.all()]
    names.sort(key=lambda name: (name != LOCAL, name))
    for page, sees in (("overview:show", rights.has), ("containers:list", rights.has_somewhere)):
        for name in names:
            if sees(Permission.SEE, name):
                return HttpResponseRedirect(reverse(page, args=[name]))
    return render(request, "overview/nothing.html")
