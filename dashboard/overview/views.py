"""The page on which a host's day begins, and what htmx asks for parts of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.hosts.lookup import get_host
from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from dashboard.jobs.states import ACTIVE
from dashboard.overview.queries import glance


@needs(Permission.SEE)
@require_GET
async def show(request: HttpRequest, host: str) -> HttpResponse:
    """All of it."""
    where = await get_host(host)
    context = {"host": where, "glance": await glance(where), "jobs": await _active_jobs(where)}
    return render(request, "overview/show.html", context)


@needs(Permission.SEE)
@require_GET
async def glance_part(request: HttpRequest, host: str) -> HttpResponse:
    """The numbers and facts alone."""
    where = await get_host(host)
    return render(request, "overview/_glance.html", {"host": where, "glance": await glance(where)})


@needs(Permission.SEE)
@require_GET
async def jobs(request: HttpRequest, host: str) -> HttpResponse:
    """The rows of active jobs alone."""
    where = await get_host(host)
    return render(request, "overview/_jobs.html", {"host": where, "jobs": await _active_jobs(where)})


async def _active_jobs(host: Host) -> list[Job]:
    """The host's jobs that have not ended, newest first."""
    jobs = Job.objects.select_related("host", "requested_by").filter(host=host, state__in=ACTIVE)
    return [job async for job in jobs]
