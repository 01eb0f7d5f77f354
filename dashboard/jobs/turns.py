"""Whose turn it is on a host: so many at a time, of each kind and in all, in the order of their priorities."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from dashboard.hosts.models import Host
from dashboard.jobs.limits import PER_HOST, PER_KIND
from dashboard.jobs.models import Job
from dashboard.jobs.params.kind import Kind
from dashboard.jobs.states import State

#: Jobs that wait are looked at in pieces of so many.
_PIECE: Final = 100


@contextmanager
def taken(job: UUID) -> Iterator[bool]:
    """Whether it is the job's turn; nobody else takes its place within the block.

    The host's row is locked: two workers that count at the same time would both find the last place free. SQLite has no
    locks of rows, and its transactions, which begin by taking the write lock, come one after the other anyway.
    """
    with transaction.atomic():
        found = Job.objects.filter(pk=job, state=State.QUEUED).first()
        if found is None:
            yield False
            return
        Host.objects.select_for_update().get(pk=found.host_id)
        yield _is_its_turn(found)


def next_for(host: int) -> list[UUID]:
    """The jobs of a host that wait and have room now, first come first, the more urgent before."""
    running = _running(host)
    waiting = Job.objects.filter(host_id=host, state=State.QUEUED).order_by("priority", "created")
    chosen: list[UUID] = []
    for job, kind in waiting.values_list("pk", "kind").iterator(chunk_size=_PIECE):
        if running.total() >= PER_HOST:
            break
        if _room(running, Kind(kind)) > 0:
            running[kind] += 1
            chosen.append(job)
    return chosen


def _is_its_turn(job: Job) -> bool:
    """A job waits as long as those of its kind that go before it would fill the room."""
    room = _room(_running(job.host_id), Kind(job.kind))
    if room <= 0:
        return False
    earlier = Q(priority__lt=job.priority) | Q(priority=job.priority, created__lt=job.created)
    before = Job.objects.filter(earlier, host_id=job.host_id, state=State.QUEUED, kind=job.kind)
    return len(before.values_list("pk")[:room]) < room


def _running(host: int) -> Counter[str]:
    busy = Job.objects.filter(host_id=host, state__in=(State.RUNNING, State.CANCELLING))
    return Counter(busy.order_by().values_list("kind", flat=True))


def _room(running: Counter[str], kind: Kind) -> int:
    return min(PER_HOST - running.total(), PER_KIND[kind] - running[kind])
