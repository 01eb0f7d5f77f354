"""Pages of a saved build's schedules; they are shown on the build's own page."""

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.access.need import needs
from dashboard.access.permissions import Permission
from dashboard.builds.views import build_of
from dashboard.schedules import planning, webhooks
from dashboard.schedules.cron import NotCron
from dashboard.schedules.forms import ScheduleForm, WebhookForm
from dashboard.schedules.models import Schedule, Sender, Webhook


@needs(Permission.BUILD)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, host: str, build: str) -> HttpResponse:
    found = build_of(host, build)
    form = ScheduleForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            planning.create(found, **form.values())
        except NotCron as error:
            form.add_error("cron", str(error))
        else:
            return HttpResponseRedirect(found.get_absolute_url())
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "schedules/create.html", {"host": found.host, "build": found, "form": form}, status=status)


@needs(Permission.BUILD)
@require_POST
def switch(_request: HttpRequest, host: str, build: str, pk: int) -> HttpResponse:
    """Pause it, or let it go on."""
    schedule = _schedule(host, build, pk)
    planning.switch(schedule, is_paused=not schedule.is_paused)
    return HttpResponseRedirect(schedule.build.get_absolute_url())


@needs(Permission.BUILD)
@require_POST
def remove(_request: HttpRequest, host: str, build: str, pk: int) -> HttpResponse:
    schedule = _schedule(host, build, pk)
    schedule.delete()
    return HttpResponseRedirect(schedule.build.get_absolute_url())


@needs(Permission.BUILD)
@require_POST
def create_webhook(request: HttpRequest, host: str, build: str) -> HttpResponse:
    """Its secret is shown this once."""
    found = build_of(host, build)
    form = WebhookForm(request.POST)
    if form.is_valid():
        made, secret = webhooks.create(found, Sender(form.cleaned_data["sender"]))
        told = {"address": request.build_absolute_uri(made.path), "secret": secret}
        messages.success(request, _("Call %(address)s with the secret %(secret)s") % told)
    else:
        messages.error(request, _("Choose who will call"))
    return HttpResponseRedirect(found.get_absolute_url())


@needs(Permission.BUILD)
@require_POST
def remove_webhook(_request: HttpRequest, host: str, build: str, pk: UUID) -> HttpResponse:
    found = build_of(host, build)
    get_object_or_404(Webhook, build=found, pk=pk).delete()
    return HttpResponseRedirect(found.get_absolute_url())


def _schedule(host: str, build: str, pk: int) -> Schedule:
    return get_object_or_404(Schedule.objects.select_related("build"), build=build_of(host, build), pk=pk)
