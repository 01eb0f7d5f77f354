"""Pages of containers, and what htmx asks for parts of them."""

from http import HTTPStatus
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.accounts.current import current_user
from dashboard.containers.actions import Action, perform, perform_all
from dashboard.containers.forms import RunForm
from dashboard.containers.queries import get_detail, get_summary, list_containers
from dashboard.containers.state import State
from dashboard.hosts.forms import TickedForm
from dashboard.hosts.lookup import get_host, unless_gone
from dashboard.images.queries import list_tags
from dashboard.jobs.actions import enqueue
from dashboard.jobs.params import Kind

TABS: Final = frozenset({"overview", "logs", "terminal", "inspect"})


@require_GET
async def index(request: HttpRequest, host: str) -> HttpResponse:
    """The list."""
    where = await get_host(host)
    context = {"host": where, "containers": await list_containers(where), "states": list(State)}
    return render(request, "containers/list.html", context)


@require_GET
async def rows(request: HttpRequest, host: str) -> HttpResponse:
    """The list's rows alone."""
    where = await get_host(host)
    return render(request, "containers/_rows.html", {"host": where, "containers": await list_containers(where)})


@require_GET
async def row(request: HttpRequest, host: str, container: str) -> HttpResponse:
    """One row of the list; nothing once the container is gone, so that the row goes as well."""
    where = await get_host(host)
    summary = await unless_gone(get_summary(where, container))
    if summary is None:
        return HttpResponse()
    return render(request, "containers/_row.html", {"host": where, "container": summary})


@require_GET
async def show(request: HttpRequest, host: str, container: str, tab: str = "overview") -> HttpResponse:
    """One container's page, at one of its tabs."""
    if tab not in TABS:
        raise Http404
    where = await get_host(host)
    detail = await get_detail(where, container)
    context = {"host": where, "container": detail, "container_id": detail.id, "tab": tab}
    return render(request, f"containers/{tab}.html", context)


@require_GET
async def head(request: HttpRequest, host: str, container: str) -> HttpResponse:
    """The page's head: name, state and actions; or word that the container is gone."""
    where = await get_host(host)
    detail = await unless_gone(get_detail(where, container))
    template = "containers/_head.html" if detail else "containers/_gone.html"
    return render(request, template, {"host": where, "container": detail})


@require_GET
async def overview(request: HttpRequest, host: str, container: str) -> HttpResponse:
    """What the overview shows; nothing once the container is gone, of which the head tells."""
    where = await get_host(host)
    detail = await unless_gone(get_detail(where, container))
    if detail is None:
        return HttpResponse()
    return render(request, "containers/_overview.html", {"host": where, "container": detail})


@require_POST
async def act(request: HttpRequest, host: str, container: str, action: str) -> HttpResponse:
    """Do one Action. The page learns of its effect as everybody else's does: from the engine's events."""
    if action not in set(Action):
        raise Http404
    await perform(await get_host(host), container, Action(action))
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return HttpResponseRedirect(reverse("containers:list", args=[host]))


@require_POST
async def act_on_all(request: HttpRequest, host: str, action: str) -> HttpResponse:
    """Do one Action to all that were ticked."""
    if action not in set(Action):
        raise Http404
    where = await get_host(host)
    form = TickedForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain; charset=utf-8")
    await perform_all(where, form.cleaned_data["name"], Action(action))
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return HttpResponseRedirect(reverse("containers:list", args=[host]))


@require_http_methods(["GET", "POST"])
async def run(request: HttpRequest, host: str) -> HttpResponse:
    """The run form; a valid one becomes a Job, on whose page the user goes on."""
    where = await get_host(host)
    form = RunForm(request.POST or None, initial={"image": request.GET.get("image", ""), "network": "bridge"})
    if request.method == "POST" and form.is_valid():
        job = await sync_to_async(enqueue)(Kind.RUN, where, await current_user(request), form.params())
        return HttpResponseRedirect(job.get_absolute_url())
    context: dict[str, Any] = {"host": where, "form": form, "tags": await list_tags(where)}
    return render(request, "containers/run.html", context)
