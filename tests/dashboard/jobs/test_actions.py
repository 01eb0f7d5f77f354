"""What users do with jobs, and the messages that follow."""

import json
from typing import Any

import pytest
from redis import Redis

from dashboard.jobs import actions, broker
from dashboard.jobs.actions import Refused
from dashboard.jobs.models import Job
from dashboard.jobs.output import archive
from dashboard.jobs.output.entries import START, is_last
from dashboard.jobs.params import InvalidParams, Kind
from dashboard.jobs.states import FINAL, State
from tests.support.jobs import Console

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]


def messages(console: Console, job: Job) -> list[Any]:
    with Redis.from_url(console.redis_url) as redis:
        return [json.loads(raw) for raw in redis.lrange(job.queue, 0, -1)]


def test_a_new_job_is_a_row_and_a_message_by_name_on_its_host_s_queue(console, host, user) -> None:
    job = actions.enqueue(Kind.PULL, host, user, {"image": "busybox"})
    job.refresh_from_db()
    assert (job.state, job.params, job.requested_by) == (State.QUEUED, {"reference": "busybox", "platform": ""}, user)
    (message,) = messages(console, job)
    assert message["headers"]["task"] == "portside.pull"
    assert str(job.pk) in message["headers"]["argsrepr"]
    assert broker.waiting(job.queue) == 1


def test_invalid_parameters_leave_neither(console, host, user) -> None:
    with pytest.raises(InvalidParams):
        actions.enqueue(Kind.PULL, host, user, {"image": "--no"})
    assert not Job.objects.exists()
    assert broker.waiting(f"host.{host.name}") == 0


def test_without_a_broker_the_job_waits(console, host, user, settings) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    job = actions.enqueue(Kind.PULL, host, user, {"image": "busybox"})
    job.refresh_from_db()
    assert (job.state, job.sent) == (State.QUEUED, None)


def test_a_job_that_waits_is_cancelled_at_once(console, make_job, user) -> None:
    job = make_job()
    actions.cancel(job, user)
    job.refresh_from_db()
    assert (job.state, job.cancelled_by) == (State.CANCELLED, user)
    assert job.finished is not None
    assert job.archived is not None
    assert [is_last(data) for _id, data in archive.read(job.pk, START)] == [True]
    actions.cancel(job, user)


def test_a_running_job_is_asked_to_end(make_job, user) -> None:
    job = make_job(state=State.RUNNING, attempts=1)
    for _ in range(2):
        actions.cancel(job, user)
        job.refresh_from_db()
        assert (job.state, job.cancelled_by, job.finished) == (State.CANCELLING, user, None)


def test_what_is_over_can_t_be_cancelled(make_job, user) -> None:
    for state in FINAL - {State.CANCELLED}:
        job = make_job(state=state)
        with pytest.raises(Refused, match="The job is over"):
            actions.cancel(job, user)
        job.refresh_from_db()
        assert job.state == state
        assert job.cancel_requested is None


def test_only_what_ended_without_success_is_tried_again_and_as_a_new_job(make_job, user) -> None:
    for state in State:
        job = make_job(state=state, kind=Kind.RUN, params={"image": "busybox"})
        if state in FINAL - {State.SUCCEEDED}:
            again = actions.retry(job, user)
            assert again.pk != job.pk
            assert (again.retry_of, again.params, again.kind, again.state) == (job, job.params, Kind.RUN, State.QUEUED)
        else:
            with pytest.raises(Refused, match="tried again"):
                actions.retry(job, user)
