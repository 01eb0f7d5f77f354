"""Pages of jobs, and what htmx asks for parts of them."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from dashboard.accounts.models import User
from dashboard.jobs import actions
from dashboard.jobs.models import Job

PAGE_SIZE = 50


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, newest first."""
    return render(request, "jobs/list.html", {"page": _page(request)})


@require_GET
def rows(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs/_rows.html", {"page": _page(request)})


@require_GET
def row(request: HttpRequest, pk: UUID) -> HttpResponse:
    return render(request, "jobs/_row.html", {"job": _job(pk)})


@require_GET
def detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One job's page, which stays; its output comes through the socket."""
    job = _job(pk)
    return render(request, "jobs/detail.html", {"job": job, "host": job.host})


@require_GET
def head(request: HttpRequest, pk: UUID) -> HttpResponse:
    return render(request, "jobs/_head.html", {"job": _job(pk)})


@require_GET
def facts(request: HttpRequest, pk: UUID) -> HttpResponse:
    return render(request, "jobs/_facts.html", {"job": _job(pk)})


@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Cancel; the page goes on showing the job, which says itself how that went."""
    job = _job(pk)
    try:
        actions.cancel(job, _user(request))
    except actions.Refused as refusal:
        return _refuse(request, job, refusal)
    return HttpResponseRedirect(job.get_absolute_url())


@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same work as a new job, on whose page the user goes on."""
    job = _job(pk)
    try:
        again = actions.retry(job, _user(request))
    except actions.Refused as refusal:
        return _refuse(request, job, refusal)
    return HttpResponseRedirect(again.get_absolute_url())


def _job(pk: UUID) -> Job:
    return get_object_or_404(Job.objects.select_related("host", "requested_by", "cancelled_by", "retry_of"), pk=pk)


def _page(request: HttpRequest) -> Page[Job]:
    jobs = Job.objects.select_related("host", "requested_by")
    return Paginator(jobs, PAGE_SIZE).get_page(request.GET.get("page"))


def _user(request: HttpRequest) -> User:
    """The signed-in user; raises PermissionDenied for a stranger, whom the middleware would have stopped before."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _refuse(request: HttpRequest, job: Job, refusal: actions.Refused) -> HttpResponse:
    messages.error(request, str(refusal))
    return render(request, "jobs/detail.html", {"job": job, "host": job.host}, status=HTTPStatus.CONFLICT)
