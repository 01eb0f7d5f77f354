"""The terminal's own page, and the list of terminals. The container's page includes the same panel."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.access.middleware import rights_in
from dashboard.access.need import needs, personal
from dashboard.access.permissions import Permission
from dashboard.accounts.current import current_user
from dashboard.accounts.models import User
from dashboard.hosts.lookup import get_host
from dashboard.terminal import actions, recordings
from dashboard.terminal.actions import lookup
from dashboard.terminal.queries import own_in, visible_to

PAGE_SIZE = 50


@needs(Permission.EXEC)
@require_GET
async def window(request: HttpRequest, host: str, container: str) -> HttpResponse:
    """Terminals that fill the window. Whether there is such a container, their socket says."""
    context = {"host": await get_host(host), "container": {"id": container}}
    return render(request, "terminal/window.html", context)


@needs(Permission.EXEC)
@require_GET
async def live(request: HttpRequest, host: str, container: str) -> JsonResponse:
    """The user's terminals in a container that can be taken up again."""
    found = [each async for each in own_in(await current_user(request), host, container)]
    found = await actions.still_live(await get_host(host), found)
    return JsonResponse({"terminals": [{"id": each.pk, "title": each.title} for each in found]})


@personal
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, newest first."""
    terminals = visible_to(_user(request), rights_in(request))
    page = Paginator(terminals, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "terminal/list.html", {"page": page})


@personal
@require_GET
async def show(request: HttpRequest, terminal: str) -> HttpResponse:
    """One terminal that fills the window; the socket decides whether the user may have it."""
    found = await lookup(await current_user(request), rights_in(request), terminal)
    context = {"host": found.host, "container": {"id": found.container}, "session": found.pk}
    return render(request, "terminal/window.html", context)


@personal
@require_GET
async def join(request: HttpRequest, ticket: str) -> HttpResponse:
    """A terminal that somebody else shares; the socket looks at the user's own right to the container as well."""
    found = await actions.shared(ticket)
    context = {"host": found.host, "container": {"id": found.container}, "session": found.pk, "ticket": ticket}
    return render(request, "terminal/window.html", context)


@personal
@require_POST
async def end(request: HttpRequest, terminal: str) -> HttpResponse:
    """End it, and go back to the list."""
    await actions.end(await lookup(await current_user(request), rights_in(request), terminal))
    return HttpResponseRedirect(reverse("terminal:list"))


@personal
@require_POST
async def share(request: HttpRequest, terminal: str) -> JsonResponse:
    """The path of a link that lets others watch, or (`types`) join."""
    found = await lookup(await current_user(request), rights_in(request), terminal)
    ticket = actions.ticket_for(found, types=bool(request.POST.get("types")))
    return JsonResponse({"path": reverse("terminal:join", args=[ticket])})


@personal
@require_POST
async def unshare(request: HttpRequest, terminal: str) -> JsonResponse:
    """Void all links, and send away those who came by them."""
    await actions.unshare(await lookup(await current_user(request), rights_in(request), terminal))
    return JsonResponse({})


@personal
@require_POST
async def title(request: HttpRequest, terminal: str) -> JsonResponse:
    """Give it a name."""
    found = await lookup(await current_user(request), rights_in(request), terminal)
    return JsonResponse({"title": await actions.rename(found, request.POST.get("title", ""))})


@personal
@require_GET
async def recording(request: HttpRequest, terminal: str) -> HttpResponse:
    """The player."""
    found = await lookup(await current_user(request), rights_in(request), terminal)
    return render(request, "terminal/recording.html", {"terminal": found, "host": found.host})


@personal
@require_GET
async def cast(request: HttpRequest, terminal: str) -> StreamingHttpResponse:
    """The recording itself, for the player and for whoever keeps it."""
    found = await lookup(await current_user(request), rights_in(request), terminal)
    path = recordings.cast_path(found.pk)
    headers = {"Content-Disposition": f'inline; filename="{path.name}"'}
    body = await actions.read_recording(path)
    return StreamingHttpResponse(body, content_type="application/x-asciicast", headers=headers)


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)  # noqa: S101  # LoginRequiredMiddleware lets nobody else in
    return user
