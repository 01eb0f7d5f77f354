"""Workers that are killed at random points of their jobs: each job ends, and what it makes is made once.

PORTSIDE_TEST_LONG=1 kills many more; PORTSIDE_TEST_SEED=N repeats a run.
"""

import os
import random
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from dashboard.jobs import actions
from dashboard.jobs.leases import MAX_ATTEMPTS
from dashboard.jobs.models import Job
from dashboard.jobs.params import Kind
from dashboard.jobs.states import FINAL, State
from tests.support import waiting
from tests.workers.test_run import containers
from tests.workers.test_survival import let_time_pass

pytestmark = [pytest.mark.root, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]
ROUNDS = 25 if os.environ.get("PORTSIDE_TEST_LONG") else 2
#: Seconds in which a round's jobs are done where nobody kills anybody.
SPAN = 1.5


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("PORTSIDE_TEST_SEED") or random.randrange(10**6))
    print(f"PORTSIDE_TEST_SEED={seed}")
    return random.Random(seed)


def orders(busybox: str, port: int, number: int) -> list[tuple[Kind, dict[str, Any]]]:
    tag = f"127.0.0.1:{port}/random:{uuid.uuid4().hex[:8]}"
    dockerfile = f"FROM {busybox}\nRUN sleep 0.3 && echo {number}\n"
    append = f"echo {number} >> /ran; sleep 0.3"
    return [
        (Kind.RUN, {"image": busybox, "command": ["sleep", "1000"], "network": "none"}),
        (Kind.BUILD, {"source": {"type": "inline", "files": {"Dockerfile": dockerfile}}, "tags": [tag], "push": True}),
        (Kind.EXEC, {"container": "witness", "argv": ["sh", "-c", append]}),
    ]


@pytest.fixture
def witness(docker, busybox) -> None:
    """A container that keeps what was executed in it."""
    docker("pull", "--quiet", busybox)
    docker("run", "--detach", "--network", "none", "--name", "witness", busybox, "sleep", "1000")


@pytest.fixture
def enqueue(host, user) -> Callable[[Kind, dict[str, Any]], Job]:
    return lambda kind, params: actions.enqueue(kind, host, user, params)


@pytest.fixture
def round_of(busybox, registry) -> Callable[[int], list[tuple[Kind, dict[str, Any]]]]:
    return lambda number: orders(busybox, registry.port, number)


@pytest.mark.timeout(120 + 30 * ROUNDS)
@pytest.mark.usefixtures("witness")
def test_each_job_ends_and_does_its_work_once(worker, enqueue, round_of, docker, chance) -> None:
    jobs = []
    for number in range(ROUNDS):
        with worker() as doomed:
            jobs += [enqueue(kind, params) for kind, params in round_of(number)]
            time.sleep(chance.random() * SPAN)
            doomed.kill()
        for job in jobs:
            let_time_pass(job)
    with worker():
        for job in jobs:
            waiting.until(f"the end of {job}", partial(_ended, job), seconds=90)
    ran = docker("exec", "witness", "sh", "-c", "cat /ran || true").split()
    for number, job in enumerate(jobs):
        _judge(job, docker, ran, number // 3)
    for job in jobs:
        if job.kind == Kind.BUILD:
            docker("image", "rm", "--force", job.params["tags"][0])


def _ended(job: Job) -> bool:
    job.refresh_from_db()
    return job.status in FINAL


def _judge(job: Job, docker, ran: list[str], number: int) -> None:
    """It succeeded, or is lost in so many words; either way it did its work once at most."""
    assert job.status is State.SUCCEEDED or (job.status is State.LOST and job.error), (job.state, job.error)
    match job.kind:
        case Kind.RUN:
            assert len(containers(docker, job)) <= 1
            assert job.status is State.LOST or containers(docker, job) == [job.result["container"]]
        case Kind.BUILD:
            assert job.status is State.LOST or job.result["digest"]
        case Kind.EXEC:
            assert ran.count(str(number)) <= 1
            assert job.status is State.LOST or ran.count(str(number)) == 1
    assert job.status is State.SUCCEEDED or job.attempts == MAX_ATTEMPTS or job.kind == Kind.EXEC
