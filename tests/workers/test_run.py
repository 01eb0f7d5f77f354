"""Run jobs on a real engine: one container, or none."""

import threading

import pytest

from dashboard.jobs import actions, leases
from dashboard.jobs.creation import LABEL
from dashboard.jobs.models import Job
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from tests.support.docker_cli import Docker
from tests.workers.conftest import come_to, said

pytestmark = [pytest.mark.root, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]


@pytest.fixture
def job(make_job, sleeper) -> Job:
    made: Job = make_job(kind=Kind.RUN, params=sleeper)
    return made


def containers(docker: Docker, job: Job) -> list[str]:
    return docker("ps", "--all", "--quiet", "--no-trunc", "--filter", f"label={LABEL}={job.pk}").split()


def test_a_run_pulls_creates_and_starts(job, work, docker, busybox) -> None:
    docker("image", "rm", "--force", busybox)
    work(job).join()
    come_to(job, State.SUCCEEDED)
    assert containers(docker, job) == [job.result["container"]]
    facts = "{{.State.Status}} {{.Name}} {{.Image}} {{.Config.Env}}"
    told = docker("inspect", "--format", facts, job.result["container"]).split(maxsplit=3)
    assert told[:3] == ["running", f"/{job.params['name']}", job.result["image"]]
    assert "TOKEN=hunter22" in told[3]
    assert not any("hunter22" in line for line in said(job))


def test_a_container_that_can_t_start_is_not_left(make_job, work, docker, busybox) -> None:
    job = make_job(kind=Kind.RUN, params={"image": busybox, "command": ["/no/such/program"], "network": "none"})
    work(job).join()
    come_to(job, State.FAILED)
    assert "/no/such/program" in job.error
    assert containers(docker, job) == []


def test_a_name_that_is_taken_is_refused_and_its_owner_unharmed(make_job, work, docker, busybox) -> None:
    docker("pull", "--quiet", busybox)
    owner = docker("run", "--detach", "--network", "none", "--name", "taken", busybox, "sleep", "1000")
    job = make_job(kind=Kind.RUN, params={"image": busybox, "name": "taken", "network": "none"})
    work(job).join()
    come_to(job, State.FAILED)
    assert "taken" in job.error
    assert docker("inspect", "--format", "{{.State.Status}}", owner) == "running"


def test_cancelled_before_the_start_it_removes_what_it_created(job, work, user, docker, engine_gate) -> None:
    gate = engine_gate(b"/start")
    thread: threading.Thread = work(job)
    assert gate.held.wait(60)
    assert len(containers(docker, job)) == 1
    actions.cancel(job, user)
    thread.join(20)
    come_to(job, State.CANCELLED)
    assert containers(docker, job) == []
    assert job.result == {}


def test_cancelled_while_the_engine_creates_it_waits_for_what_there_is_to_remove(
    job, work, user, docker, engine_gate
) -> None:
    gate = engine_gate(b"/containers/create", answer=True)
    thread: threading.Thread = work(job)
    assert gate.held.wait(60)
    actions.cancel(job, user)
    thread.join(1.5)
    assert thread.is_alive()
    gate.open()
    thread.join(20)
    come_to(job, State.CANCELLED)
    assert containers(docker, job) == []


@pytest.mark.parametrize("place", ["created", "started"])
def test_an_attempt_finds_what_the_one_before_it_made(place, job, work, docker, busybox) -> None:
    docker("pull", "--quiet", busybox)
    argv = ["--network", "none", "--label", f"{LABEL}={job.pk}", "--name", job.params["name"], busybox, "sleep", "1000"]
    made = docker(*(["create"] if place == "created" else ["run", "--detach"]), *argv)
    work(job).join()
    come_to(job, State.SUCCEEDED)
    assert containers(docker, job) == [made]
    assert job.result["container"] == made
    assert docker("inspect", "--format", "{{.State.Status}}", made) == "running"


def test_a_name_that_the_attempt_before_took_meanwhile_is_its_own(job, work, docker, busybox, engine_gate) -> None:
    """That attempt was taken for dead, and its request reached the engine first."""
    docker("pull", "--quiet", busybox)
    gate = engine_gate(b"/containers/create")
    thread: threading.Thread = work(job)
    assert gate.held.wait(60)
    argv = ["--network", "none", "--label", f"{LABEL}={job.pk}", "--name", job.params["name"], busybox, "sleep", "1000"]
    made = docker("create", *argv)
    gate.open()
    thread.join(30)
    come_to(job, State.SUCCEEDED)
    assert containers(docker, job) == [made]


def test_a_container_that_ran_and_removed_itself_is_not_run_again(make_job, work, docker, busybox) -> None:
    made = "ab" * 32
    job = make_job(kind=Kind.RUN, params={"image": busybox, "auto_remove": True}, result={"container": made})
    work(job).join()
    come_to(job, State.SUCCEEDED)
    assert containers(docker, job) == []
    assert any("removed itself" in line for line in said(job))


def test_one_that_a_stranger_removed_is_said_and_not_made_again(make_job, work, docker, busybox) -> None:
    job = make_job(kind=Kind.RUN, params={"image": busybox}, result={"container": "ab" * 32})
    work(job).join()
    come_to(job, State.FAILED)
    assert "has been removed meanwhile" in job.error
    assert containers(docker, job) == []


def test_success_that_comes_with_a_wish_to_cancel_is_undone(job, work, user, docker, monkeypatch) -> None:
    """The wish comes after the last look and before the end."""
    finish = leases.finish

    def cancel_first(*arguments, **options):
        monkeypatch.setattr(leases, "finish", finish)
        actions.cancel(job, user)
        return finish(*arguments, **options)

    monkeypatch.setattr(leases, "finish", cancel_first)
    work(job).join()
    come_to(job, State.CANCELLED)
    assert containers(docker, job) == []
