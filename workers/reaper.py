"""Finds the jobs that somebody owes something, and sees to it. Every worker does this; it does no harm twice.

A job whose worker is gone goes back to the queue, or is given up. A job whose message is gone (Redis was flushed) gets
another. The output of a job that ended gets its archive. The reaper itself asks no engine for anything.
"""

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db.models import Q
from django.utils import timezone

from dashboard.jobs import broker, files, leases, live, turns
from dashboard.jobs.models import Job
from dashboard.jobs.output.writer import seal
from dashboard.jobs.states import FINAL, State

log = logging.getLogger(__name__)

#: A message on its way is missed after so long, and an archive on its way too.
GRACE: Final = timedelta(seconds=10)


def make_round() -> None:
    """Raises what the database, the broker or Redis raise; the next round goes on from there."""
    now = timezone.now()
    for job in leases.requeue_expired(now):
        _tell(job, State.QUEUED)
    for job in leases.give_up_expired(now):
        _tell(job, State.LOST)
    _send_missing(now)
    if files.is_here():
        _archive_missing(now)


def _send_missing(now: datetime) -> None:
    """Send again what no worker has taken and no queue holds."""
    unsent = Q(sent=None) | Q(sent__lt=now - GRACE)
    hosts = Job.objects.filter(state=State.QUEUED).order_by().values_list("host", flat=True).distinct()
    due = [job for host in hosts for job in turns.next_for(host)]
    waiting = Q(pk__in=due) | Q(state=State.CANCELLING, lease_expires__lt=now)
    waits: dict[str, int] = {}
    for job in Job.objects.filter(waiting & unsent).select_related("host").order_by("priority", "created"):
        if job.sent is not None and waits.setdefault(job.queue, broker.waiting(job.queue)):
            # Its message may be among those that wait their turn.
            continue
        if broker.send(job):
            log.info("Job %s was sent to %s again", job.pk, job.queue)


def _archive_missing(now: datetime) -> None:
    for job in Job.objects.filter(state__in=FINAL, archived=None, finished__lt=now - GRACE):
        try:
            async_to_sync(seal)(job.pk, attempts=job.attempts, state=job.status, error=job.error)
        except OSError as error:
            # A full disk, or a file of somebody else's: it must not keep the others from their archives.
            log.warning("The output of job %s could not be archived: %s", job.pk, error)
        else:
            Job.objects.filter(pk=job.pk).update(archived=now)


def _tell(job: UUID, state: State) -> None:
    log.warning("Job %s: its worker is gone; it is %s now", job, state)
    async_to_sync(live.tell)(job, state)
