"""Pages of volumes, and what htmx asks for parts of them."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.hosts.client import EngineFailure
from dashboard.hosts.forms import TickedForm
from dashboard.hosts.lookup import get_host, unless_gone
from dashboard.volumes import actions
from dashboard.volumes.forms import CreateForm
from dashboard.volumes.queries import get_volume, list_unused, list_volumes


@require_GET
async def index(request: HttpRequest, host: str) -> HttpResponse:
    """The list."""
    where = await get_host(host)
    return render(request, "volumes/list.html", {"host": where, "volumes": await list_volumes(where)})


@require_GET
async def rows(request: HttpRequest, host: str) -> HttpResponse:
    """The list's rows alone."""
    where = await get_host(host)
    return render(request, "volumes/_rows.html", {"host": where, "volumes": await list_volumes(where)})


@require_GET
async def show(request: HttpRequest, host: str, volume: str) -> HttpResponse:
    """One volume's page."""
    where = await get_host(host)
    return render(request, "volumes/show.html", {"host": where, "volume": await get_volume(where, volume)})


@require_GET
async def facts(request: HttpRequest, host: str, volume: str) -> HttpResponse:
    """What the page shows of the volume; or word that it is gone."""
    where = await get_host(host)
    found = await unless_gone(get_volume(where, volume))
    template = "volumes/_facts.html" if found else "volumes/_gone.html"
    return render(request, template, {"host": where, "volume": found})


@require_http_methods(["GET", "POST"])
async def create(request: HttpRequest, host: str) -> HttpResponse:
    """The form; what the engine refuses is said in it."""
    where = await get_host(host)
    form = CreateForm(request.POST if request.method == "POST" else None)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                name = await actions.create(where, form.body())
            except EngineFailure as failure:
                form.add_error(None, failure.message)
            else:
                return HttpResponseRedirect(reverse("volumes:show", args=[host, name]))
    return render(request, "volumes/create.html", {"host": where, "form": form}, status=status)


@require_POST
async def remove(request: HttpRequest, host: str, volume: str) -> HttpResponse:
    """Remove one. The page learns of it from the engine's events."""
    await actions.remove(await get_host(host), volume)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return HttpResponseRedirect(reverse("volumes:list", args=[host]))


@require_http_methods(["GET", "POST"])
async def prune(request: HttpRequest, host: str) -> HttpResponse:
    """What no container uses, to be ticked; then the ticked are removed."""
    where = await get_host(host)
    form = TickedForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        names = form.cleaned_data["name"]
        await actions.remove_all(where, names)
        text = ngettext("%(count)d volume removed", "%(count)d volumes removed", len(names)) % {"count": len(names)}
        messages.success(request, text)
        return HttpResponseRedirect(reverse("volumes:list", args=[host]))
    return render(request, "volumes/prune.html", {"host": where, "volumes": await list_unused(where), "form": form})
