"""The page of all hosts, and where an administrator adds, changes and removes them."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.access.middleware import rights_in
from dashboard.access.need import needs, personal
from dashboard.access.permissions import Permission
from dashboard.audit.requests import note
from dashboard.hosts.editing import HostForm
from dashboard.hosts.models import LOCAL, Host
from dashboard.hosts.standing import standings


@personal
@require_GET
async def index(request: HttpRequest) -> HttpResponse:
    """Those that the user sees whole, each with what its engine says of itself."""
    rights = rights_in(request)
    seen = [host async for host in Host.objects.all() if rights.has(Permission.SEE, host.name)]
    return render(request, "hosts/list.html", {"standings": await standings(seen)})


@needs(Permission.MANAGE)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    return _edited(request, None)


@needs(Permission.MANAGE)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edited(request, get_object_or_404(Host, pk=pk))


@needs(Permission.MANAGE)
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a host, its jobs and its grants; its engine and its containers stay as they are. Not the local one."""
    host = get_object_or_404(Host.objects.exclude(name=LOCAL), pk=pk)
    note(request, name=host.name)
    host.delete()
    return HttpResponseRedirect(reverse("hosts:list"))


def _edited(request: HttpRequest, host: Host | None) -> HttpResponse:
    form = HostForm(request.POST if request.method == "POST" else None, instance=host)
    if form.is_valid():
        saved = form.save()
        note(request, name=saved.name, url=saved.url)
        return HttpResponseRedirect(reverse("hosts:list"))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "hosts/edit.html", {"form": form, "edited": host}, status=status)
