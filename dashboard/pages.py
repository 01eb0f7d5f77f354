"""The views that every kind of object of an engine has: its list, its page, the parts of both, and its actions."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Generic, Protocol, TypeVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.access.decision import require_each, visible
from dashboard.access.middleware import rights_in
from dashboard.access.need import needs
from dashboard.access.objects import Kind
from dashboard.access.permissions import Permission
from dashboard.access.projects import NotAllowed, claimed
from dashboard.audit.requests import note
from dashboard.hosts.client import EngineFailure
from dashboard.hosts.forms import TickedForm
from dashboard.hosts.lookup import get_host, unless_gone
from dashboard.hosts.models import Host

S = TypeVar("S")
D = TypeVar("D")
View = Callable[..., Coroutine[Any, Any, HttpResponse]]


class Creation(Protocol):
    """A form whose cleaned data is the body of the engine's `create`, with its `Labels`."""

    def body(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Pages(Generic[S, D]):
    """One kind of object. `app` names its templates' folder, its addresses and the list in the templates.

    `everything` and `find` ask the engine for entries of the list (S) and for one in detail (D); `key` gives an entry's
    ID (a volume's name).
    """

    app: str
    kind: Kind
    everything: Callable[[Host], Awaitable[list[S]]]
    find: Callable[[Host, str], Awaitable[D]]
    key: Callable[[S], str]

    async def of(self, request: HttpRequest, host: Host, *, need: Permission = Permission.SEE) -> list[S]:
        """Those that `need` holds for. Raises EngineFailure."""
        return await self.only(request, host, await self.everything(host), need=need)

    async def only(self, request: HttpRequest, host: Host, things: Iterable[S], *, need: Permission) -> list[S]:
        """Those of `things` that `need` holds for. Raises EngineFailure."""
        return await visible(rights_in(request), host, self.kind, things, self.key, need=need)

    def listing(self, template: str, more: Callable[[], dict[str, Any]] = dict) -> View:
        """The list, or its rows alone; `more` adds to what the template is given."""

        @needs(Permission.SEE, for_parts=True)
        @require_GET
        async def listing(request: HttpRequest, host: str) -> HttpResponse:
            where = await get_host(host)
            context = {"host": where, self.app: await self.of(request, where)} | more()
            return render(request, f"{self.app}/{template}", context)

        return listing

    def page(self, template: str) -> View:
        """One object's page."""

        @needs(Permission.SEE)
        @require_GET
        async def page(request: HttpRequest, host: str, **parts: str) -> HttpResponse:
            where = await get_host(host)
            found = await self.find(where, parts[self.kind])
            return render(request, f"{self.app}/{template}", {"host": where, self.kind.value: found})

        return page

    def part(self, template: str) -> View:
        """What the page shows of the object; or word that it is gone."""

        @needs(Permission.SEE)
        @require_GET
        async def part(request: HttpRequest, host: str, **parts: str) -> HttpResponse:
            where = await get_host(host)
            found = await unless_gone(self.find(where, parts[self.kind]))
            shown = template if found else "_gone.html"
            return render(request, f"{self.app}/{shown}", {"host": where, self.kind.value: found})

        return part

    def creation(
        self, form_class: Callable[[Any], Any], create: Callable[[Host, dict[str, Any]], Awaitable[str]]
    ) -> View:
        """The form; what the engine refuses is said in it."""

        @needs(Permission.RUN, for_parts=True)
        @require_http_methods(["GET", "POST"])
        async def creation(request: HttpRequest, host: str) -> HttpResponse:
            where = await get_host(host)
            form = form_class(request.POST if request.method == "POST" else None)
            if form.is_valid():
                try:
                    made = await create(where, await claimed(rights_in(request), where, self.kind, form.body()))
                except (EngineFailure, NotAllowed) as failure:
                    form.add_error(None, str(failure))
                else:
                    return HttpResponseRedirect(reverse(f"{self.app}:show", args=[host, made]))
            return _form(request, f"{self.app}/create.html", where, form)

        return creation

    def removal(self, remove: Callable[[Host, str], Awaitable[None]]) -> View:
        """Remove one. The page learns of it from the engine's events."""

        @needs(Permission.DELETE)
        @require_POST
        async def removal(request: HttpRequest, host: str, **parts: str) -> HttpResponse:
            await remove(await get_host(host), parts[self.kind])
            return self.done(request, host)

        return removal

    def pruning(
        self,
        unused: Callable[[Host], Awaitable[list[S]]],
        remove_all: Callable[[Host, Iterable[str]], Awaitable[None]],
        told: Callable[[int], str],
    ) -> View:
        """What nothing uses, to be ticked; then the ticked are removed, and `told` says of how many."""

        @needs(Permission.DELETE, for_parts=True)
        @require_http_methods(["GET", "POST"])
        async def pruning(request: HttpRequest, host: str) -> HttpResponse:
            where = await get_host(host)
            form = TickedForm(request.POST if request.method == "POST" else None)
            if form.is_valid():
                names = form.cleaned_data["name"]
                await remove_all(where, await self.allowed(request, where, names, Permission.DELETE))
                messages.success(request, told(len(names)))
                return HttpResponseRedirect(reverse(f"{self.app}:list", args=[host]))
            found = await self.only(request, where, await unused(where), need=Permission.DELETE)
            return render(request, f"{self.app}/prune.html", {"host": where, self.app: found, "form": form})

        return pruning

    async def allowed(
        self, request: HttpRequest, host: Host, references: list[str], permission: Permission
    ) -> list[str]:
        """What a bulk action may be done to: all of `references`, or PermissionDenied or Http404 for the first."""
        note(request, names=list(references))
        return await require_each(rights_in(request), permission, host, self.kind, references)

    def done(self, request: HttpRequest, host: str) -> HttpResponse:
        """The answer to an action whose effect pages hear of by themselves."""
        if request.headers.get("HX-Request"):
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        return HttpResponseRedirect(reverse(f"{self.app}:list", args=[host]))


def _form(request: HttpRequest, template: str, host: Host, form: forms.Form) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, template, {"host": host, "form": form}, status=status)
