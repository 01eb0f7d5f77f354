"""Workers that are killed, told to stop, or left without messages; and the reaper, which makes up for it."""

import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from redis import Redis

from dashboard.jobs import actions, broker
from dashboard.jobs.models import Job
from dashboard.jobs.output import archive
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from tests.support.jobs import use
from tests.support.redis import RedisServer
from tests.workers.conftest import come_to, said
from tests.workers.process import WorkerProcess
from tests.workers.test_run import containers
from workers import reaper

pytestmark = [pytest.mark.root, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]


def let_time_pass(job: Job) -> None:
    """Long enough for a lease to run out and a message to be missed."""
    past = timezone.now() - timedelta(minutes=1)
    Job.objects.filter(pk=job.pk, lease_expires__isnull=False).update(lease_expires=past)
    Job.objects.filter(pk=job.pk, sent__isnull=False).update(sent=past)


def test_the_whole_way_with_a_worker_of_its_own(worker, host, user, docker, sleeper) -> None:
    first = worker()
    pulled = actions.enqueue(Kind.PULL, host, user, {"image": sleeper["image"]})
    run = actions.enqueue(Kind.RUN, host, user, sleeper)
    broker.send(run)
    broker.send(run)
    come_to(pulled, State.SUCCEEDED)
    come_to(run, State.SUCCEEDED)
    assert len(containers(docker, run)) == 1
    assert run.attempts == 1
    assert first.stop() == 0


def test_a_pull_whose_worker_is_killed_is_done_by_another(worker, host, user, held_image) -> None:
    first = worker()
    job = actions.enqueue(Kind.PULL, host, user, {"image": held_image.reference})
    assert held_image.gate.held.wait(30)
    first.kill()
    held_image.gate.open()
    let_time_pass(job)
    worker()
    come_to(job, State.SUCCEEDED)
    assert job.attempts == 2
    assert any("Attempt 2" in line for line in said(job))


def test_a_worker_that_is_told_to_stop_hands_its_job_on(worker, host, user, held_image) -> None:
    first = worker()
    job = actions.enqueue(Kind.PULL, host, user, {"image": held_image.reference})
    assert held_image.gate.held.wait(30)
    first.signal(signal.SIGTERM)
    come_to(job, State.QUEUED)
    assert first.wait() == 0
    held_image.gate.open()
    worker()
    come_to(job, State.SUCCEEDED)


@pytest.fixture
def orphan(worker, host, user, sleeper, engine_gate) -> Job:
    """A run job whose worker was killed when it had created the container, and not started it."""
    gate = engine_gate(b"/start")
    with worker() as first:
        job = actions.enqueue(Kind.RUN, host, user, sleeper)
        assert gate.held.wait(60)
        first.kill()
    gate.open()
    return job


def test_a_run_whose_worker_is_killed_makes_one_container(orphan, worker, docker) -> None:
    (made,) = containers(docker, orphan)
    let_time_pass(orphan)
    worker()
    come_to(orphan, State.SUCCEEDED)
    assert containers(docker, orphan) == [made]
    assert orphan.result["container"] == made
    assert docker("inspect", "--format", "{{.State.Status}}", made) == "running"


def test_a_job_that_is_cancelled_after_its_worker_died_leaves_nothing(orphan, worker, user, docker) -> None:
    actions.cancel(orphan, user)
    come_to(orphan, State.CANCELLING)
    let_time_pass(orphan)
    worker()
    come_to(orphan, State.CANCELLED)
    assert containers(docker, orphan) == []


@pytest.fixture
def own_redis(console, settings) -> Iterator[RedisServer]:
    """A Redis that the test may kill; worker processes that start from here on use it too."""
    with RedisServer() as server:
        use(settings, replace(console, redis_url=server.url))
        yield server


def test_redis_may_be_killed_and_come_back_empty(own_redis, host, user, console, held_image) -> None:
    """The job that runs goes on, the one that waits is found, and the worker stays."""
    with WorkerProcess(host, replace(console, redis_url=own_redis.url)) as worker:
        running = actions.enqueue(Kind.PULL, host, user, {"image": held_image.reference})
        assert held_image.gate.held.wait(30)
        own_redis.kill()
        waiting = actions.enqueue(Kind.PULL, host, user, {"image": held_image.reference})
        with RedisServer(own_redis.directory):
            held_image.gate.open()
            come_to(running, State.SUCCEEDED)
            come_to(waiting, State.SUCCEEDED)
            assert (running.attempts, waiting.attempts) == (1, 1)
            assert worker.stop() == 0


def test_a_message_that_was_lost_is_sent_again_and_one_that_waits_is_not(console, make_job) -> None:
    jobs = [make_job() for _ in range(3)]
    for job in jobs:
        broker.send(job)
        let_time_pass(job)
    reaper.make_round()
    assert broker.waiting(job.queue) == 3
    with Redis.from_url(console.redis_url) as redis:
        redis.delete(job.queue)
    reaper.make_round()
    assert broker.waiting(job.queue) == 3
    reaper.make_round()
    assert broker.waiting(job.queue) == 3


def test_an_output_without_an_archive_gets_one(make_job) -> None:
    long_ago = timezone.now() - timedelta(minutes=1)
    job = make_job(state=State.LOST, attempts=3, finished=long_ago, error="gone")
    reaper.make_round()
    job.refresh_from_db()
    assert job.archived is not None
    assert archive.path_of(job.pk).exists()


def test_a_stuck_job_is_cancelled_as_well(make_job, work, user, engine_gate, busybox) -> None:
    """The engine takes the request and says nothing, for ever."""
    gate = engine_gate(b"/images/create", answer=True)
    job = make_job(kind=Kind.PULL, params={"image": busybox})
    thread: threading.Thread = work(job)
    assert gate.held.wait(30)
    actions.cancel(job, user)
    thread.join(10)
    assert not thread.is_alive()
    come_to(job, State.CANCELLED)
    assert gate.abandoned.wait(10)


@pytest.mark.parametrize("end", ["kill9", "stop"])
def test_an_engine_that_is_restarted_goes_on_with_the_pull(end, make_job, work, engine, held_image) -> None:
    job = make_job(kind=Kind.PULL, params={"reference": held_image.reference})
    thread: threading.Thread = work(job)
    assert held_image.gate.held.wait(30)
    getattr(engine, end)()
    held_image.gate.open()
    engine.start()
    thread.join(60)
    come_to(job, State.SUCCEEDED)
    assert job.attempts == 1
    assert any("taken up again" in line for line in said(job))
