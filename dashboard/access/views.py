"""Pages of people, teams, projects and what they were granted."""

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.access.forms import GrantForm, PersonForm, ProjectForm, TeamForm
from dashboard.access.models import Grant, Project, Team
from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.access.sudo import sudo
from dashboard.accounts.models import User
from dashboard.audit.requests import note

V = TypeVar("V", bound=Callable[..., Any])


def _manages(view: V) -> V:
    return needs(Permission.MANAGE)(sudo("access:people")(view))


@_manages
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Everybody and everything, on one page."""
    return _page(request)


@_manages
@require_POST
def add_person(request: HttpRequest) -> HttpResponse:
    """A new user with a password that is shown this once; they may do nothing until they are granted something."""
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _page(request, person=form)
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(form.cleaned_data["username"], password=password)
    note(request, user=user.username)
    told = {"name": user.username, "password": password}
    messages.success(request, _("%(name)s may sign in with the password %(password)s") % told)
    return _back()


@_manages
@require_POST
def switch_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Close or open an account. Its sessions, sockets and terminals end with it. Nobody locks themselves out."""
    user = get_object_or_404(User, pk=pk)
    note(request, user=user.username, active=not user.is_active)
    if user == request.user:
        messages.error(request, _("You can't close your own account"))
        return _back()
    user.is_active = not user.is_active
    user.save(update_fields=["is_active"])
    return _back()


@_manages
@require_POST
def add_team(request: HttpRequest) -> HttpResponse:
    return _saved(request, TeamForm(request.POST), "team")


@_manages
@require_http_methods(["GET", "POST"])
def edit_team(request: HttpRequest, pk: int) -> HttpResponse:
    return _edited(request, get_object_or_404(Team, pk=pk), TeamForm)


@_manages
@require_POST
def add_project(request: HttpRequest) -> HttpResponse:
    return _saved(request, ProjectForm(request.POST), "project")


@_manages
@require_http_methods(["GET", "POST"])
def edit_project(request: HttpRequest, pk: int) -> HttpResponse:
    return _edited(request, get_object_or_404(Project, pk=pk), ProjectForm)


@_manages
@require_POST
def add_grant(request: HttpRequest) -> HttpResponse:
    form = GrantForm(request.POST)
    if not form.is_valid():
        return _page(request, grant=form)
    note(request, grant=str(form.save()))
    return _back()


@_manages
@require_POST
def remove_grant(request: HttpRequest, pk: int) -> HttpResponse:
    grant = get_object_or_404(Grant, pk=pk)
    note(request, grant=str(grant))
    grant.delete()
    return _back()


def _saved(request: HttpRequest, form: Any, name: str) -> HttpResponse:
    if not form.is_valid():
        return _page(request, **{name: form})
    note(request, name=str(form.save()))
    return _back()


def _edited(request: HttpRequest, thing: Team | Project, form_class: Callable[..., Any]) -> HttpResponse:
    form = form_class(request.POST if request.method == "POST" else None, instance=thing)
    if form.is_valid():
        return _saved(request, form, "")
    return render(request, "access/edit.html", {"form": form, "thing": thing})


def _page(request: HttpRequest, **bound: Any) -> HttpResponse:
    forms = {"person": PersonForm(), "team": TeamForm(), "project": ProjectForm(), "grant": GrantForm()}
    things = {
        "people": User.objects.order_by("username"),
        "teams": Team.objects.prefetch_related("members"),
        "projects": Project.objects.prefetch_related("hosts"),
        "grants": Grant.objects.select_related("user", "team", "host", "project").order_by("pk"),
    }
    status = 422 if bound else 200
    return render(request, "access/people.html", things | {"forms": forms | bound}, status=status)


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("access:people"))
