"""What users do with jobs. Whether they may is asked before, of `dashboard.jobs.door`."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone
from redis.exceptions import RedisError

from dashboard.access.models import Project
from dashboard.accounts.models import User
from dashboard.audit.chain import Act, append
from dashboard.hosts.models import Host
from dashboard.jobs import broker, live
from dashboard.jobs.limits import DEFAULT_TIME_LIMIT
from dashboard.jobs.models import Job
from dashboard.jobs.origin import A_PAGE, By
from dashboard.jobs.output.writer import seal
from dashboard.jobs.params import Kind, validated
from dashboard.jobs.states import State

log = logging.getLogger(__name__)


class Refused(Exception):
    """The job's state stands against it; the text is for the user."""


def enqueue(
    kind: Kind,
    host: Host,
    user: User | None,
    params: Mapping[str, Any],
    *,
    project: Project | None = None,
    by: By = A_PAGE,
    time_limit: int = DEFAULT_TIME_LIMIT,
    retry_of: Job | None = None,
) -> Job:
    """A new job, given to the host's workers when the surrounding transaction commits. Raises InvalidParams.

    Blocking; from asynchronous code through `sync_to_async`.
    """
    checked = validated(kind, params)
    job = Job.objects.create(
        kind=kind,
        host=host,
        requested_by=user,
        project=project,
        origin=by.origin,
        origin_name=by.name,
        priority=by.origin.priority,
        params=checked.model_dump(mode="json"),
        time_limit=time_limit,
        retry_of=retry_of,
    )
    _write_down(job, by)
    transaction.on_commit(partial(_announce, job))
    return job


def cancel(job: Job, user: User) -> None:
    """Cancel a job: at once where it waits; by its worker, which undoes what it did, where it runs.

    Cancelling again changes nothing. Raises Refused when the job has ended otherwise.
    """
    now = timezone.now()
    asked = {"cancel_requested": now, "cancelled_by": user}
    one = Job.objects.filter(pk=job.pk)
    if one.filter(state=State.QUEUED).move(State.CANCELLED, finished=now, **asked):
        transaction.on_commit(partial(_lay_to_rest, job.pk))
    elif one.move(State.CANCELLING, **asked):
        transaction.on_commit(partial(async_to_sync(live.tell), job.pk, State.CANCELLING))
    else:
        _refuse_unless_cancelled(job)


def retry(job: Job, user: User, *, by: By = A_PAGE) -> Job:
    """The same work as a new job. Raises Refused unless the old one ended without success."""
    if not job.may_be_retried:
        raise Refused(f"Only a job that failed, was cancelled or lost can be tried again; this one is {job.state}")
    return enqueue(
        Kind(job.kind),
        job.host,
        user,
        job.params,
        project=job.project,
        by=by,
        time_limit=job.time_limit,
        retry_of=job,
    )


def _write_down(job: Job, by: By) -> None:
    told = {"job": str(job.pk)} | ({by.origin.value: by.name} if by.name else {})
    actor = job.requested_by.get_username() if job.requested_by else ""
    subject = job.redactor(job.parameters.subject)
    append(Act(action=f"job:{job.kind}", actor=actor, way=by.origin, host=job.host.name, target=subject, detail=told))


def _announce(job: Job) -> None:
    broker.send(job)
    async_to_sync(live.tell)(job.pk, State.QUEUED)


def _lay_to_rest(job_id: Any) -> None:
    """End the output of a job that was cancelled while it waited; the reaper does it when this can't be done now."""
    job = Job.objects.get(pk=job_id)
    try:
        async_to_sync(seal)(job.pk, attempts=job.attempts, state=State.CANCELLED)
    except (RedisError, OSError) as error:
        log.warning("The output of job %s is archived later: %s", job.pk, error)
    else:
        Job.objects.filter(pk=job.pk).update(archived=timezone.now())
    async_to_sync(live.tell)(job.pk, State.CANCELLED)


def _refuse_unless_cancelled(job: Job) -> None:
    job.refresh_from_db(fields=["state"])
    if job.status not in {State.CANCELLING, State.CANCELLED}:
        raise Refused(f"The job is over: it {_ENDS[job.status]}")


_ENDS = {State.SUCCEEDED: "succeeded", State.FAILED: "failed", State.LOST: "was lost"}
