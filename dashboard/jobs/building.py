"""The page from which an image is built."""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.hosts.lookup import get_host
from dashboard.jobs.forms import BuildForm
from dashboard.jobs.ordering import ordered
from dashboard.jobs.params import Kind


@needs(Permission.BUILD)
@require_http_methods(["GET", "POST"])
async def build(request: HttpRequest, host: str) -> HttpResponse:
    """The form; a valid one becomes a job, on whose page the user goes on."""
    where = await get_host(host)
    form = BuildForm(request.POST, request.FILES) if request.method == "POST" else BuildForm()
    if form.is_valid():
        await sync_to_async(form.keep_archive)()
        if job := await ordered(request, Kind.BUILD, where, form):
            return HttpResponseRedirect(job.get_absolute_url())
    return render(request, "jobs/build.html", {"host": where, "form": form})
