"""Pages of containers, and what htmx asks for parts of them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from posixpath import basename, normpath
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.access.middleware import rights_in
from dashboard.access.need import needs
from dashboard.access.objects import Kind
from dashboard.access.permissions import Permission
from dashboard.containers.actions import Action, perform, perform_all
from dashboard.containers.folder import list_folder, read_archive
from dashboard.containers.forms import RunForm
from dashboard.containers.inside import list_changes, list_processes
from dashboard.containers.queries import get_detail, get_summary, list_containers
from dashboard.containers.state import State
from dashboard.hosts.forms import TickedForm
from dashboard.hosts.lookup import get_host, unless_gone
from dashboard.hosts.models import Host
from dashboard.images.queries import list_tags
from dashboard.jobs.ordering import ordered
from dashboard.jobs.params import Kind as JobKind
from dashboard.pages import Pages

#: A container's tabs, and what each needs.
TABS: Final = {
    "overview": Permission.SEE,
    "logs": Permission.LOGS,
    "terminal": Permission.EXEC,
    "stats": Permission.SEE,
    # Command lines hold what logs do.
    "processes": Permission.LOGS,
    # Files hold what a terminal shows.
    "files": Permission.EXEC,
    "changes": Permission.SEE,
    "inspect": Permission.SEE,
}


#: What a tab shows beside the container itself: of the host, by the container's ID, at the page's `path`.
FOUND: Final[dict[str, Callable[[Host, str, str], Awaitable[Any]]]] = {
    "processes": lambda host, container, _path: list_processes(host, container),
    "changes": lambda host, container, _path: list_changes(host, container),
    "files": list_folder,
}


def _of_tab(parts: Mapping[str, Any]) -> Permission:
    return TABS.get(parts.get("tab", "overview"), Permission.SEE)


def _of_action(parts: Mapping[str, Any]) -> Permission:
    return Permission.DELETE if parts["action"] == Action.REMOVE else Permission.RUN


def _with_states() -> dict[str, Any]:
    return {"states": list(State)}


pages = Pages("containers", Kind.CONTAINER, list_containers, get_detail, key=lambda container: container.id)

index = pages.listing("list.html", _with_states)
rows = pages.listing("_rows.html")
head = pages.part("_head.html")


@needs(Permission.SEE)
@require_GET
async def row(request: HttpRequest, host: str, container: str) -> HttpResponse:
    """One row of the list; nothing once the container is gone, so that the row goes as well."""
    where = await get_host(host)
    summary = await unless_gone(get_summary(where, container))
    if summary is None:
        return HttpResponse()
    return render(request, "containers/_row.html", {"host": where, "container": summary})


@needs(_of_tab)
@require_GET
async def show(request: HttpRequest, host: str, container: str, tab: str = "overview") -> HttpResponse:
    """One container's page, at one of its tabs."""
    if tab not in TABS:
        raise Http404
    where = await get_host(host)
    detail = await get_detail(where, container)
    context: dict[str, Any] = {"host": where, "container": detail, "container_id": detail.id, "tab": tab}
    if tab in FOUND:
        context["found"] = await FOUND[tab](where, detail.id, request.GET.get("path", "/"))
    return render(request, f"containers/{tab}.html", context)


@needs(Permission.EXEC)
@require_GET
async def download(request: HttpRequest, host: str, container: str) -> HttpResponseBase:
    """A file or folder, as a tar. What the engine refuses before the first byte is a page, and else a cut download."""
    path = request.GET.get("path", "/")
    pieces = read_archive(await get_host(host), container, path)
    first = await anext(pieces, b"")
    response = StreamingHttpResponse(_after(first, pieces), content_type="application/x-tar")
    name = basename(normpath(path)).strip("/") or "root"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{name}.tar")
    return response


async def _after(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


@needs(Permission.SEE)
@require_GET
async def overview(request: HttpRequest, host: str, container: str) -> HttpResponse:
    """What the overview shows; nothing once the container is gone, of which the head tells."""
    where = await get_host(host)
    detail = await unless_gone(get_detail(where, container))
    if detail is None:
        return HttpResponse()
    return render(request, "containers/_overview.html", {"host": where, "container": detail})


@needs(_of_action)
@require_POST
async def act(request: HttpRequest, host: str, container: str, action: str) -> HttpResponse:
    """Do one Action. The page learns of its effect as everybody else's does: from the engine's events."""
    if action not in set(Action):
        raise Http404
    await perform(await get_host(host), container, Action(action))
    return pages.done(request, host)


@needs(_of_action, for_parts=True)
@require_POST
async def act_on_all(request: HttpRequest, host: str, action: str) -> HttpResponse:
    """Do one Action to all that were ticked."""
    if action not in set(Action):
        raise Http404
    where = await get_host(host)
    form = TickedForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain; charset=utf-8")
    names = await pages.allowed(request, where, form.cleaned_data["name"], _of_action({"action": action}))
    await perform_all(where, names, Action(action))
    return pages.done(request, host)


def _wished(request: HttpRequest) -> dict[str, Any]:
    """What the form begins with: as the link to it says."""
    given = {name: request.GET[name] for name in ("image", "entrypoint", "command") if name in request.GET}
    return {"network": "bridge", "tty": "tty" in request.GET} | given


@needs(Permission.RUN, for_parts=True)
@require_http_methods(["GET", "POST"])
async def run(request: HttpRequest, host: str) -> HttpResponse:
    """The run form; a valid one becomes a Job, on whose page the user goes on."""
    where = await get_host(host)
    form = RunForm(request.POST or None, initial=_wished(request))
    if form.is_valid() and (job := await ordered(request, JobKind.RUN, where, form)):
        return HttpResponseRedirect(job.get_absolute_url())
    tags = await list_tags(where) if rights_in(request).has(Permission.SEE, host) else []
    context: dict[str, Any] = {"host": where, "form": form, "tags": tags}
    return render(request, "containers/run.html", context)
