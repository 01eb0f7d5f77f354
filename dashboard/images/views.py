"""Pages of images, and what htmx asks for parts of them."""

from http import HTTPStatus

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.accounts.current import current_user
from dashboard.hosts.forms import TickedForm
from dashboard.hosts.lookup import get_host, unless_gone
from dashboard.images import actions
from dashboard.images.forms import PullForm, RemoveForm
from dashboard.images.queries import get_image, list_dangling, list_images
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


@require_GET
async def show(request: HttpRequest, host: str, image: str) -> HttpResponse:
    """One image's page; its address has the ID, without `sha256:`."""
    where = await get_host(host)
    return render(request, "images/show.html", {"host": where, "image": await get_image(where, image)})


@require_GET
async def facts(request: HttpRequest, host: str, image: str) -> HttpResponse:
    """What the page shows of the image; or word that it is gone."""
    where = await get_host(host)
    found = await unless_gone(get_image(where, image))
    template = "images/_facts.html" if found else "images/_gone.html"
    return render(request, template, {"host": where, "image": found})


@require_http_methods(["GET", "POST"])
async def prune(request: HttpRequest, host: str) -> HttpResponse:
    """Images without a name that no container uses, to be ticked; then the ticked are removed."""
    where = await get_host(host)
    form = TickedForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        names = form.cleaned_data["name"]
        await actions.remove_all(where, names)
        text = ngettext("%(count)d image removed", "%(count)d images removed", len(names)) % {"count": len(names)}
        messages.success(request, text)
        return HttpResponseRedirect(reverse("images:list", args=[host]))
    return render(request, "images/prune.html", {"host": where, "images": await list_dangling(where), "form": form})
