"""The door of webhooks: open to strangers, who have to prove with each call that they have the secret."""

import logging
from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboard import sealing
from dashboard.api import rate
from dashboard.audit.requests import note
from dashboard.schedules import webhooks
from dashboard.schedules.models import Webhook
from dashboard.schedules.senders import Call, Forged, Unreadable

log = logging.getLogger(__name__)

#: Calls of one webhook a minute.
CALLS: Final = 60


@csrf_exempt
@login_not_required
@require_POST
def call(request: HttpRequest, pk: UUID) -> JsonResponse:
    """202 with the job; 200 where the call is about nothing of the build's. The same call again gets the same job."""
    found = Webhook.objects.select_related("build__host", "build__owner", "build__project").filter(pk=pk).first()
    if found is None:
        return _refusal(HTTPStatus.NOT_FOUND, "There is no such webhook")
    if rate.spend(f"hook.{pk}", CALLS).is_spent:
        return _refusal(HTTPStatus.TOO_MANY_REQUESTS, f"More than {CALLS} calls a minute")
    note(request, build=found.build.name)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return _answer(found, Call(headers, request.body, timezone.now()))


def _answer(webhook: Webhook, sent: Call) -> JsonResponse:
    try:
        run = webhooks.take(webhook, sent)
    except Forged:
        return _refusal(HTTPStatus.UNAUTHORIZED, "The call does not prove that it comes from who has the secret")
    except Unreadable as error:
        return _refusal(HTTPStatus.BAD_REQUEST, str(error))
    except PermissionDenied as refusal:
        return _refusal(HTTPStatus.FORBIDDEN, str(refusal))
    except sealing.Unreadable as error:
        log.warning("Webhook %s: %s", webhook.pk, error)
        return _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "The webhook's secret can't be opened: make a new one")
    if run is None:
        return JsonResponse({"job": None})
    return JsonResponse({"job": str(run.job.pk), "state": run.job.state}, status=HTTPStatus.ACCEPTED)


def _refusal(status: HTTPStatus, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)
