"""Pages of images, and what htmx asks for parts of them."""

from http import HTTPStatus

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from dashboard.accounts.current import current_user
from dashboard.hosts.lookup import get_host
from dashboard.images import actions
from dashboard.images.forms import PullForm, RemoveForm
from dashboard.images.queries import list_images
from dashboard.jobs.actions import enqueue
from dashboard.jobs.params import Kind


@require_GET
async def index(request: HttpRequest, host: str) -> HttpResponse:
    """The list, with the pull form above it."""
    where = await get_host(host)
    context = {"host": where, "images": await list_images(where), "form": PullForm()}
    return render(request, "images/list.html", context)


@require_GET
async def rows(request: HttpRequest, host: str) -> HttpResponse:
    """The list's rows alone."""
    where = await get_host(host)
    return render(request, "images/_rows.html", {"host": where, "images": await list_images(where)})


@require_POST
async def pull(request: HttpRequest, host: str) -> HttpResponse:
    """A valid form becomes a Job, on whose page the user goes on."""
    where = await get_host(host)
    form = PullForm(request.POST)
    if form.is_valid():
        job = await sync_to_async(enqueue)(Kind.PULL, where, await current_user(request), form.params())
        return HttpResponseRedirect(job.get_absolute_url())
    context = {"host": where, "images": await list_images(where), "form": form}
    return render(request, "images/list.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@require_POST
async def remove(request: HttpRequest, host: str) -> HttpResponse:
    """Remove a tag or an image. The page learns of it from the engine's events."""
    where = await get_host(host)
    form = RemoveForm(request.POST)
    if not form.is_valid():
        return HttpResponseBadRequest(form.errors.as_text(), content_type="text/plain; charset=utf-8")
    await actions.remove(where, form.cleaned_data["reference"])
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return HttpResponseRedirect(reverse("images:list", args=[host]))
