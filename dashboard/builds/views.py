"""Pages of saved builds."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.access.middleware import rights_in
from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.accounts.models import User
from dashboard.audit.requests import note
from dashboard.builds import history, running, saving
from dashboard.builds.forms import SavedBuildForm
from dashboard.builds.models import SavedBuild
from dashboard.hosts.models import Host
from dashboard.jobs.origin import A_PAGE


@needs(Permission.SEE)
@require_GET
def index(request: HttpRequest, host: str) -> HttpResponse:
    where = get_object_or_404(Host, name=host)
    found = list(where.builds.select_related("owner"))
    newest = {build.pk: build.runs.select_related("job").first() for build in found}
    return render(request, "builds/list.html", {"host": where, "builds": [(b, newest[b.pk]) for b in found]})


@needs(Permission.SEE)
@require_GET
def show(request: HttpRequest, host: str, build: str) -> HttpResponse:
    """Its definition, and the runs so far with how long they took."""
    found = build_of(host, build)
    runs = history.runs_of(found)
    chart = history.bars(runs)
    return render(
        request,
        "builds/show.html",
        {
            "host": found.host,
            "build": found,
            "parameters": running.parameters(found),
            "runs": runs,
            "bars": chart,
            "chart_width": max(1, len(chart) * history.STEP),
            "chart_height": history.HEIGHT,
        },
    )


@needs(Permission.BUILD)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, host: str) -> HttpResponse:
    where = get_object_or_404(Host, name=host)
    form = SavedBuildForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (made := _saved(request, form, where, None)):
        return HttpResponseRedirect(made.get_absolute_url())
    return _form(request, form, host=where)


@needs(Permission.BUILD)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, host: str, build: str) -> HttpResponse:
    """Whoever saves it is its owner from then on."""
    found = build_of(host, build)
    form = SavedBuildForm(request.POST if request.method == "POST" else None, found)
    if form.is_valid() and (changed := _saved(request, form, found.host, found)):
        return HttpResponseRedirect(changed.get_absolute_url())
    return _form(request, form, host=found.host, build=found)


@needs(Permission.BUILD)
@require_POST
def run(request: HttpRequest, host: str, build: str) -> HttpResponse:
    """Run it now; the user goes on at the job's page."""
    found = build_of(host, build)
    admission = running.admitted(found, rights_in(request))
    made = running.start(found, admission, user_of(request), by=A_PAGE, cause=_("Run by hand"))
    return HttpResponseRedirect(made.job.get_absolute_url())


@needs(Permission.BUILD)
@require_POST
def remove(_request: HttpRequest, host: str, build: str) -> HttpResponse:
    """Forget it. Its jobs stay, as every job does."""
    build_of(host, build).delete()
    return HttpResponseRedirect(reverse("builds:list", args=[host]))


def build_of(host: str, name: str) -> SavedBuild:
    """Raises Http404."""
    return get_object_or_404(SavedBuild.objects.select_related("host", "project", "owner"), host__name=host, name=name)


def user_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  # the middleware lets nobody else in
    return request.user


def _saved(request: HttpRequest, form: SavedBuildForm, host: Host, build: SavedBuild | None) -> SavedBuild | None:
    """None where the name is taken, which is then said in the form."""
    data, definition = form.cleaned_data, form.definition
    assert definition is not None  # noqa: S101  # the form is valid
    note(request, build=data["name"])
    try:
        if build is None:
            return saving.create(host, user_of(request), data["name"], definition, token=data["token"])
        return saving.change(build, user_of(request), data["name"], definition, token=data["token"] or None)
    except saving.Taken as taken:
        form.add_error("name", str(taken))
        return None


def _form(request: HttpRequest, form: SavedBuildForm, **context: Any) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "builds/form.html", {"form": form, **context}, status=status)
