"""Webhooks: made with a secret that is shown once, and called by whoever has it."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from dashboard.access.policy import registry_of
from dashboard.builds import running
from dashboard.builds.models import Run, SavedBuild
from dashboard.jobs.origin import By, Origin
from dashboard.jobs.params.build import GitSource
from dashboard.schedules import senders
from dashboard.schedules.models import Delivery, Sender, Webhook
from dashboard.schedules.senders import Call, Event, Images, Push, Wish
from dashboard.sealing import opened, resealed, seal

#: How long a call is known again.
KEPT: Final = timedelta(days=30)


def create(build: SavedBuild, sender: Sender) -> tuple[Webhook, str]:
    """A webhook, and its secret, which is nowhere else."""
    secret = secrets.token_urlsafe(32)
    return Webhook.objects.create(build=build, sender=sender, sealed_secret=seal(secret)), secret


def take(webhook: Webhook, call: Call) -> Run | None:
    """The run that the call asks for, or that it has asked for before; None where it is about nothing of the build's.

    Blocking. Raises Forged, Unreadable, PermissionDenied, and `dashboard.sealing.Unreadable`.
    """
    event = senders.read(Sender(webhook.sender), opened(webhook.sealed_secret), call)
    if not concerns(event, webhook.build):
        return None
    if known := _known(webhook, call):
        return known.run
    try:
        with transaction.atomic():
            return _run(webhook, call)
    except IntegrityError:
        # The same call came twice at once: the other one runs it.
        known = _known(webhook, call)
        return known.run if known else None


def concerns(event: Event, build: SavedBuild) -> bool:
    """A push of the branch or tag that is built, or of an image that it is made from: its own tags are neither."""
    match event:
        case Wish():
            return True
        case Push():
            source = build.defined.source
            wanted = source.ref if isinstance(source, GitSource) else None
            return event.is_default if wanted == "" else event.ref == wanted
        case Images():
            return any(_repository(base.reference) in event.repositories for base in build.bases.all())
    return False


def sweep(now: datetime) -> None:
    """Forget calls that were kept for long enough."""
    Delivery.objects.filter(received__lt=now - KEPT).delete()


def reseal() -> int:
    """Seal the secrets with the key in use; answers how many there are."""
    count = 0
    for pk in Webhook.objects.values_list("pk", flat=True):
        with transaction.atomic():
            webhook = Webhook.objects.select_for_update().get(pk=pk)
            Webhook.objects.filter(pk=pk).update(sealed_secret=resealed(webhook.sealed_secret))
            count += 1
    return count


def _run(webhook: Webhook, call: Call) -> Run:
    build = webhook.build
    admission = running.admitted_by_owner(build)
    kept = Delivery.objects.create(webhook=webhook, digest=call.digest, received=call.received)
    by = By(Origin.WEBHOOK, build.name)
    cause = _("Called by %(sender)s") % {"sender": webhook.get_sender_display()}
    # What was pushed may be the base itself.
    pull = webhook.sender == Sender.REGISTRY
    run = running.start(build, admission, build.owner, by=by, cause=cause, pull=pull)
    Delivery.objects.filter(pk=kept.pk).update(run=run)
    Webhook.objects.filter(pk=webhook.pk).update(last_used=call.received)
    return run


def _known(webhook: Webhook, call: Call) -> Delivery | None:
    return Delivery.objects.filter(webhook=webhook, digest=call.digest).select_related("run__job").first()


def _repository(reference: str) -> str:
    """As a registry calls it: without its own name, and without a tag."""
    registry = registry_of(reference)
    path = reference.removeprefix(f"{registry}/")
    head, slash, last = path.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"
