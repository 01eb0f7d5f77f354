"""Pages of images, and what htmx asks for parts of them."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dashboard.access.need import needs
from dashboard.access.objects import Kind
from dashboard.access.permissions import Permission
from dashboard.hosts.lookup import get_host
from dashboard.images import actions
from dashboard.images.forms import PullForm, RemoveForm
from dashboard.images.queries import get_image, list_dangling, list_images
from dashboard.jobs.ordering import ordered
from dashboard.jobs.params import Kind as JobKind
from dashboard.pages import Pages


def _removed(count: int) -> str:
    return ngettext("%(count)d image removed", "%(count)d images removed", count) % {"count": count}


def _with_pull_form() -> dict[str, Any]:
    return {"form": PullForm()}


pages = Pages("images", Kind.IMAGE, list_images, get_image, key=lambda image: image.id)

index = pages.listing("list.html", _with_pull_form)
rows = pages.listing("_rows.html")
show = pages.page("show.html")
facts = pages.part("_facts.html")
prune = pages.pruning(list_dangling, actions.remove_all, _removed)


@needs(Permission.RUN, for_parts=True)
@require_POST
async def pull(request: HttpRequest, host: str) -> HttpResponse:
    """A valid form becomes a Job, on whose page the user goes on."""
    where = await get_host(host)
    form = PullForm(request.POST)
    if form.is_valid() and (job := await ordered(request, JobKind.PULL, where, form)):
        return HttpResponseRedirect(job.get_absolute_url())
    context = {"host": where, "images": await pages.of(request, where), "form": form}
    return render(request, "images/list.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@needs(Permission.DELETE, for_parts=True)
@require_POST
async def remove(request: HttpRequest, host: str) -> HttpResponse:
    """Remove a tag or an image. The page learns of it from the engine's events."""
    where = await get_host(host)
    form = RemoveForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain; charset=utf-8")
    reference = form.cleaned_data["reference"]
    await pages.allowed(request, where, [reference], Permission.DELETE)
    await actions.remove(where, reference)
    return pages.done(request, host)
