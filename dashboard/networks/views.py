"""Pages of networks, and what htmx asks for parts of them."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.hosts.client import EngineFailure
from dashboard.hosts.lookup import get_host, unless_gone
from dashboard.networks import actions
from dashboard.networks.forms import CreateForm
from dashboard.networks.queries import get_network, list_networks


@require_GET
async def index(request: HttpRequest, host: str) -> HttpResponse:
    """The list."""
    where = await get_host(host)
    return render(request, "networks/list.html", {"host": where, "networks": await list_networks(where)})


@require_GET
async def rows(request: HttpRequest, host: str) -> HttpResponse:
    """The list's rows alone."""
    where = await get_host(host)
    return render(request, "networks/_rows.html", {"host": where, "networks": await list_networks(where)})


@require_GET
async def show(request: HttpRequest, host: str, network: str) -> HttpResponse:
    """One network's page."""
    where = await get_host(host)
    return render(request, "networks/show.html", {"host": where, "network": await get_network(where, network)})


@require_GET
async def facts(request: HttpRequest, host: str, network: str) -> HttpResponse:
    """What the page shows of the network; or word that it is gone."""
    where = await get_host(host)
    found = await unless_gone(get_network(where, network))
    template = "networks/_facts.html" if found else "networks/_gone.html"
    return render(request, template, {"host": where, "network": found})


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
                made = await actions.create(where, form.body())
            except EngineFailure as failure:
                form.add_error(None, failure.message)
            else:
                return HttpResponseRedirect(reverse("networks:show", args=[host, made]))
    return render(request, "networks/create.html", {"host": where, "form": form}, status=status)


@require_POST
async def remove(request: HttpRequest, host: str, network: str) -> HttpResponse:
    """Remove one. The page learns of it from the engine's events."""
    await actions.remove(await get_host(host), network)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return HttpResponseRedirect(reverse("networks:list", args=[host]))
