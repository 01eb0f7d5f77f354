"""Saved builds: write one down, run it, see how its runs went."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from asgiref.sync import async_to_sync
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query, Status

from dashboard.access.permissions import Permission
from dashboard.api import access, ordering
from dashboard.api.principal import principal_of
from dashboard.api.problems import Refusal
from dashboard.api.room import Room
from dashboard.api.schemas.builds import BuildListed, BuildOrder, BuildShown, BuildsQuery, NewBuildOrder, RunMade
from dashboard.api.schemas.containers import HostQuery
from dashboard.api.schemas.page import Page, paged
from dashboard.builds import running, saving
from dashboard.builds.models import NAME, SavedBuild
from dashboard.jobs.params.kind import Kind

room = Room("builds")
Name = Annotated[str, Path(pattern=NAME, max_length=63)]
_CHANGES: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


@room.operation(
    "GET", "/builds", needs=Permission.SEE, answers={200: Page[BuildListed]}, refuses=[HTTPStatus.NOT_FOUND]
)
def list_builds(request: HttpRequest, query: Query[BuildsQuery]) -> dict[str, Any]:
    """List a host's saved builds."""
    host = host_for(request, Permission.SEE, query.host)
    return paged(host.builds.select_related("host", "owner"), lambda build: (build.name,), query)


@room.operation("POST", "/builds", needs=Permission.BUILD, answers={201: BuildShown}, refuses=_CHANGES)
def create(request: HttpRequest, order: NewBuildOrder) -> Status[SavedBuild]:
    """Save a build.

    Tags may have `{date}`, `{counter}` and, of a repository, `{commit}` in them.
    """
    host = host_for(request, Permission.BUILD, order.host)
    user = principal_of(request).user
    try:
        made = saving.create(host, user, order.name, order.definition, token=order.token or "")
    except saving.Taken as taken:
        raise Refusal(HTTPStatus.CONFLICT, str(taken)) from taken
    return Status(201, made)


@room.operation(
    "GET", "/builds/{build}", needs=Permission.SEE, answers={200: BuildShown}, refuses=[HTTPStatus.NOT_FOUND]
)
def show(request: HttpRequest, build: Name, query: Query[HostQuery]) -> SavedBuild:
    """One saved build, with its newest runs."""
    return build_of(request, Permission.SEE, query.host, build)


@room.operation("PUT", "/builds/{build}", needs=Permission.BUILD, answers={200: BuildShown}, refuses=_CHANGES)
def change(request: HttpRequest, build: Name, query: Query[HostQuery], order: BuildOrder) -> SavedBuild:
    """Write it anew. Whoever does so is its owner from then on."""
    found = build_of(request, Permission.BUILD, query.host, build)
    user = principal_of(request).user
    try:
        return saving.change(found, user, order.name, order.definition, token=order.token)
    except saving.Taken as taken:
        raise Refusal(HTTPStatus.CONFLICT, str(taken)) from taken


@room.operation(
    "DELETE", "/builds/{build}", needs=Permission.BUILD, answers={204: None}, refuses=[HTTPStatus.NOT_FOUND]
)
def remove(request: HttpRequest, build: Name, query: Query[HostQuery]) -> Status[None]:
    """Forget it, with its schedules and webhooks. Its jobs stay."""
    build_of(request, Permission.BUILD, query.host, build).delete()
    return Status(204, None)


@room.operation(
    "POST", "/builds/{build}/run", needs=Permission.BUILD, answers={202: RunMade}, refuses=[*ordering.REFUSES]
)
def run(request: HttpRequest, build: Name, query: Query[HostQuery]) -> Status[dict[str, Any]]:
    """Run it now."""
    found = build_of(request, Permission.BUILD, query.host, build)
    principal = principal_of(request)
    project = found.project.slug if found.project else ""
    admission = ordering.admit(request, Kind.BUILD, found.host.name, running.parameters(found), project)
    made = running.start(found, admission, principal.user, by=principal.by, cause=_("Run by hand"))
    return Status(202, {"number": made.number, "job": made.job})


def build_of(request: HttpRequest, permission: Permission, host: str, name: str) -> SavedBuild:
    """The build, on a host where whoever asks has `permission`. Raises Http404 and PermissionDenied."""
    where = host_for(request, permission, host)
    found = where.builds.select_related("host", "owner", "project").filter(name=name).first()
    if found is None:
        raise Http404(_("No such build: %(name)s") % {"name": name})
    return found


host_for = async_to_sync(access.host_for)
