"""`Idempotency-Key`: who asks again with the same key, because an answer was lost, gets the same job."""

import hashlib
from collections.abc import Callable
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dashboard.accounts.models import User
from dashboard.api.models import IdempotencyKey
from dashboard.api.problems import Refusal
from dashboard.jobs.models import Job


def once(user: User, key: str, asked: bytes, make: Callable[[], Job]) -> Job:
    """The job that `make` makes, or made when `user` first came with `key`; `asked` is the request's body.

    Raises Refusal where something else was asked for by that key. The key and the job are written together, or neither.
    """
    fingerprint = hashlib.sha256(asked).hexdigest()
    IdempotencyKey.objects.filter(created__lt=timezone.now() - IdempotencyKey.KEPT).delete()
    if job := _known(user, key, fingerprint):
        return job
    try:
        with transaction.atomic():
            job = make()
            IdempotencyKey.objects.create(user=user, key=key, fingerprint=fingerprint, job=job)
    except IntegrityError:
        # Another request with this key was quicker; with the row, the job that was made beside it is gone too.
        if job := _known(user, key, fingerprint):
            return job
        raise
    return job


def _known(user: User, key: str, fingerprint: str) -> Job | None:
    found = IdempotencyKey.objects.select_related("job__host", "job__requested_by").filter(user=user, key=key).first()
    if found is None:
        return None
    if found.fingerprint != fingerprint:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, _("This Idempotency-Key has been used for another request"))
    return found.job
