"""Claims: one job, one worker at a time, however many try."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dashboard.jobs import leases, turns
from dashboard.jobs.leases import LEASE, MAX_ATTEMPTS, Claim
from dashboard.jobs.models import Job
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State

LONG_AGO = timedelta(days=1)


def expire(job: Job) -> None:
    """The worker that holds the job has been silent for longer than its lease."""
    Job.objects.filter(pk=job.pk).update(lease_expires=timezone.now() - LONG_AGO)


def claimed(job: Job) -> Claim:
    claim = leases.claim(job.pk)
    assert claim is not None
    return claim


def state_of(job: Job) -> State:
    job.refresh_from_db()
    return job.status


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_that_claim_at_once_one_gets_the_job(make_job, monkeypatch) -> None:
    monkeypatch.setattr(turns, "PER_HOST", 100)
    monkeypatch.setattr(turns, "PER_KIND", {Kind.PULL: 100})
    jobs = [make_job() for _ in range(10)]
    barrier = threading.Barrier(8)

    def grab() -> list[Claim]:
        barrier.wait()
        try:
            return [claim for job in jobs if (claim := leases.claim(job.pk)) is not None]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        won = [claim for future in [threads.submit(grab) for _ in range(8)] for claim in future.result()]
    assert sorted(claim.job for claim in won) == sorted(job.pk for job in jobs)
    assert len({claim.token for claim in won}) == len(jobs)
    assert {claim.attempt for claim in won} == {1}


@pytest.mark.django_db
def test_a_second_delivery_gets_nothing(make_job) -> None:
    job = make_job()
    claimed(job)
    assert leases.claim(job.pk) is None
    assert leases.claim(uuid.uuid4()) is None
    for state in (State.SUCCEEDED, State.FAILED, State.CANCELLED, State.LOST):
        assert leases.claim(make_job(state=state).pk) is None


@pytest.mark.django_db
def test_a_renewed_lease_holds(make_job) -> None:
    job = make_job()
    claim = claimed(job)
    expire(job)
    assert leases.renew(claim, progress=40, parts={})
    job.refresh_from_db()
    assert job.progress == 40
    assert job.lease_expires is not None
    assert timezone.now() < job.lease_expires <= timezone.now() + LEASE
    assert leases.requeue_expired(timezone.now()) == []


@pytest.mark.django_db
def test_a_worker_that_is_taken_for_dead_can_change_nothing(make_job) -> None:
    job = make_job()
    old = claimed(job)
    expire(job)
    assert leases.requeue_expired(timezone.now()) == [job.pk]
    assert state_of(job) == State.QUEUED
    new = claimed(job)
    assert new.attempt == 2
    assert leases.state(old) is None
    assert not leases.renew(old, progress=1, parts={})
    assert not leases.record(old, {"container": "x"})
    assert not leases.hand_back(old)
    assert not leases.finish(old, State.SUCCEEDED, result={"image": "x"}, error="", parts={}, even_if_cancelling=True)
    assert state_of(job) == State.RUNNING
    assert job.result == {}


@pytest.mark.django_db
def test_a_job_whose_workers_keep_dying_is_given_up(make_job) -> None:
    job = make_job()
    for _ in range(MAX_ATTEMPTS):
        claimed(job)
        expire(job)
        requeued = leases.requeue_expired(timezone.now())
    assert requeued == []
    assert leases.give_up_expired(timezone.now()) == [job.pk]
    assert state_of(job) == State.LOST
    assert "not known" in job.error
    assert job.finished is not None
    assert leases.give_up_expired(timezone.now()) == []


@pytest.mark.django_db
def test_what_is_being_cancelled_by_a_dead_worker_is_taken_over_to_be_undone(make_job) -> None:
    job = make_job()
    first = claimed(job)
    Job.objects.filter(pk=job.pk).move(State.CANCELLING)
    assert leases.claim(job.pk) is None, "its worker still lives"
    expire(job)
    assert leases.requeue_expired(timezone.now()) == []
    second = claimed(job)
    assert second.undo_only
    assert leases.state(first) is None
    assert leases.finish(second, State.CANCELLED, result={}, error="", parts={}, even_if_cancelling=True)
    assert state_of(job) == State.CANCELLED


@pytest.mark.django_db
def test_success_does_not_overrule_a_wish_to_cancel_unless_it_may(make_job) -> None:
    job = make_job()
    claim = claimed(job)
    Job.objects.filter(pk=job.pk).move(State.CANCELLING)
    assert not leases.finish(claim, State.SUCCEEDED, result={}, error="", parts={}, even_if_cancelling=False)
    assert state_of(job) == State.CANCELLING
    assert leases.finish(claim, State.SUCCEEDED, result={"image": "x"}, error="", parts={}, even_if_cancelling=True)
    assert state_of(job) == State.SUCCEEDED
    assert job.progress == 100
    assert job.lease is None


@pytest.mark.django_db
def test_a_job_handed_back_is_anybodys_and_keeps_what_it_made(make_job) -> None:
    job = make_job()
    claim = claimed(job)
    assert leases.record(claim, {"container": "abc"})
    assert leases.hand_back(claim)
    assert state_of(job) == State.QUEUED
    assert job.sent is None
    assert claimed(job).attempt == 2
    job.refresh_from_db()
    assert job.result == {"container": "abc"}
