"""Pages of jobs, and what htmx asks for parts of them."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from dashboard.access.middleware import rights_in
from dashboard.access.need import personal
from dashboard.accounts.models import User
from dashboard.jobs import actions
from dashboard.jobs.access import may_stop, seen_by
from dashboard.jobs.models import Job, JobQuerySet

PAGE_SIZE = 50


@personal
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, newest first."""
    return render(request, "jobs/list.html", {"page": _page(request)})


@personal
@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs/_rows.html", {"page": _page(request)})


@personal
@require_GET
def row(request: HttpRequest, pk: UUID) -> HttpResponse:
    return render(request, "jobs/_row.html", {"job": _job(request, pk)})


@personal
@require_GET
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One job's page, which stays; its output comes through the socket."""
    job = _job(request, pk)
    return render(request, "jobs/detail.html", {"job": job, "host": job.host})


@personal
@require_GET
def head(request: HttpRequest, pk: UUID) -> HttpResponse:
    return render(request, "jobs/_head.html", {"job": _job(request, pk)})


@personal
@require_GET
def facts(request: HttpRequest, pk: UUID) -> HttpResponse:
    return render(request, "jobs/_facts.html", {"job": _job(request, pk)})


@personal
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel; the page goes on showing the job, which says itself how that went."""
    job = _job(request, pk)
    if not may_stop(_user(request), rights_in(request), job):
        raise PermissionDenied
    try:
        actions.cancel(job, _user(request))
    except actions.Refused as refusal:
        return _refuse(request, job, refusal)
    return HttpResponseRedirect(job.get_absolute_url())


@personal
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same work as a new job, on whose page the user goes on."""
    job = _job(request, pk)
    try:
        again = actions.retry(job, _user(request))
    except actions.Refused as refusal:
        return _refuse(request, job, refusal)
    return HttpResponseRedirect(again.get_absolute_url())


def _job(request: HttpRequest, pk: UUID) -> Job:
    return get_object_or_404(_seen(request).select_related("host", "requested_by", "cancelled_by", "retry_of"), pk=pk)


def _seen(request: HttpRequest) -> JobQuerySet:
    return seen_by(_user(request), rights_in(request))


def _page(request: HttpRequest) -> Page[Job]:
    jobs = _seen(request).select_related("host", "requested_by")
    return Paginator(jobs, PAGE_SIZE).get_page(request.GET.get("page"))


def _user(request: HttpRequest) -> User:
    """The signed-in user; raises PermissionDenied for a stranger, whom the middleware would have stopped before."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _refuse(request: HttpRequest, job: Job, refusal: actions.Refused) -> HttpResponse:
    messages.error(request, str(refusal))
    return render(request, "jobs/detail.html", {"job": job, "host": job.host}, status=HTTPStatus.CONFLICT)
