"""A job belongs to one claim at a time: the right to work on it, which lasts as long as it is renewed.

Each function is one conditional UPDATE, and its answer says whether the database let it happen. A worker that was
killed, or held up for too long, loses its claim, and from then on can change nothing.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils import timezone

from dashboard.jobs import ownership, turns
from dashboard.jobs.models import Job, JobQuerySet
from dashboard.jobs.states import State

#: Without a sign of life for so long, a worker is taken for dead.
LEASE: Final = timedelta(seconds=15)
#: A job whose workers keep dying is given up after so many.
MAX_ATTEMPTS: Final = 3


@dataclass(frozen=True)
class Claim:
    """One attempt's right to a job. `undo_only`: it was being cancelled when its worker went; only that is left."""

    job: uuid.UUID
    token: uuid.UUID
    attempt: int
    undo_only: bool


def claim(job: uuid.UUID) -> Claim | None:
    """Take a job that waits, or one that is being cancelled by a worker that is gone.

    None: it is somebody else's, or done, or its host has no room for it now; whoever asks has nothing to do.
    """
    token, now = uuid.uuid4(), timezone.now()
    changes: dict[str, Any] = {"lease": token, "lease_expires": now + LEASE, "attempts": F("attempts") + 1}
    one = Job.objects.filter(id=job)
    with turns.taken(job) as has_room:
        if has_room and one.filter(state=State.QUEUED).move(State.RUNNING, started=Coalesce("started", now), **changes):
            return Claim(job, token, _attempt(token), undo_only=False)
    if one.filter(state=State.CANCELLING).with_expired_lease(now).update(**changes):
        return Claim(job, token, _attempt(token), undo_only=True)
    return None


def state(claim: Claim) -> State | None:
    """Where the job stands; None when the claim is no longer good."""
    value = _held(claim).values_list("state", flat=True).first()
    return None if value is None else State(value)


def renew(claim: Claim, *, progress: int, parts: Mapping[str, Any]) -> bool:
    """A sign of life, with the progress: in percent, and of its parts."""
    return bool(_held(claim).update(lease_expires=timezone.now() + LEASE, progress=progress, parts=parts))


def record(claim: Claim, result: dict[str, Any]) -> bool:
    """Keep what the job has made so far, for the attempt that may follow this one."""
    return bool(_held(claim).update(result=result))


def finish(
    claim: Claim,
    target: State,
    *,
    result: dict[str, Any],
    error: str,
    parts: Mapping[str, Any],
    even_if_cancelling: bool,
) -> bool:
    """End the job in the final state `target`.

    False: the claim is no longer good, or (unless `even_if_cancelling`) somebody wants the job cancelled.
    """
    held = _held(claim) if even_if_cancelling else _held(claim).filter(state=State.RUNNING)
    finished: dict[str, Any] = {"finished": timezone.now(), "lease": None, "lease_expires": None, "parts": parts}
    if target is State.SUCCEEDED:
        finished["progress"] = 100
    if not held.move(target, result=result, error=error, **finished):
        return False
    if target is State.SUCCEEDED:
        ownership.settle(claim.job, result)
    return True


def hand_back(claim: Claim) -> bool:
    """Let go of a running job, so that another worker takes it: this one is told to stop."""
    return bool(_held(claim).move(State.QUEUED, lease=None, lease_expires=None, sent=None))


def requeue_expired(now: datetime) -> list[uuid.UUID]:
    """Queue again the running jobs whose workers are gone; answers which."""
    return _moved(_abandoned(now).filter(attempts__lt=MAX_ATTEMPTS), State.QUEUED, sent=None)


def give_up_expired(now: datetime) -> list[uuid.UUID]:
    """Give up the running jobs whose workers are gone once too often; answers which."""
    error = f"The worker went away without a word, {MAX_ATTEMPTS} times in a row; what became of the work is not known"
    return _moved(_abandoned(now).filter(attempts__gte=MAX_ATTEMPTS), State.LOST, error=error, finished=now)


def _moved(jobs: JobQuerySet, target: State, **changes: Any) -> list[uuid.UUID]:
    """Move each that is still as the query found it: a worker may come back to life in between."""
    held = list(jobs.values_list("id", "lease"))
    changes |= {"lease": None, "lease_expires": None}
    return [job for job, token in held if jobs.filter(id=job, lease=token).move(target, **changes)]


def _abandoned(now: datetime) -> JobQuerySet:
    return Job.objects.filter(state=State.RUNNING).with_expired_lease(now)


def _held(claim: Claim) -> JobQuerySet:
    return Job.objects.filter(id=claim.job, lease=claim.token)


def _attempt(token: uuid.UUID) -> int:
    return Job.objects.values_list("attempts", flat=True).get(lease=token)
