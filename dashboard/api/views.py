"""What is not an operation: the page that shows them all, word that there is none, and the check of health."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from dashboard.access.need import personal
from dashboard.api import health
from dashboard.api.api import api
from dashboard.api.docs import chapters
from dashboard.api.problems import problem


@personal
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """All operations, with examples."""
    return render(request, "api/docs.html", {"chapters": chapters(api.get_openapi_schema())})


@login_not_required
@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """No operation has this address."""
    return problem(request, HTTPStatus.NOT_FOUND, "There is no such operation; /api/docs lists them")


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Whether the console can serve: 200, or 503 and what is missing. It tells nothing else."""
    found = health.check()
    is_well = all(part == health.OK for part in found.values())
    status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
    response = JsonResponse({"status": health.OK if is_well else health.FAILING, **found}, status=status)
    response["Cache-Control"] = "no-store"
    return response
