"""Pull jobs on a real engine and registry."""

import threading

import pytest

from dashboard.jobs import actions
from dashboard.jobs.output.entries import Layer, Moved
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from tests.support.registry import Registry
from tests.workers.conftest import come_to, output, said

pytestmark = [pytest.mark.root, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]


def test_a_pull_shows_its_layers_and_names_what_it_got(make_job, work, docker, fresh_image) -> None:
    job = make_job(kind=Kind.PULL, params={"image": fresh_image})
    work(job).join()
    come_to(job, State.SUCCEEDED)
    assert job.result["image"] == docker("image", "inspect", "--format", "{{.Id}}", fresh_image)
    assert job.result["digest"] in docker("image", "inspect", "--format", "{{.RepoDigests}}", fresh_image)
    assert job.progress == 100
    layers = [entry for entry in output(job) if isinstance(entry, Layer)]
    assert sorted(layer.order for layer in layers) == [0, 1, 2]
    assert {layer.status for layer in layers} <= {"Pull complete", "Already exists"}
    assert [entry.state for entry in output(job) if isinstance(entry, Moved)] == [State.RUNNING, State.SUCCEEDED]


def test_what_the_registry_does_not_have_is_said_in_the_engine_s_words(make_job, work, registry: Registry) -> None:
    job = make_job(kind=Kind.PULL, params={"image": f"{registry.host}/nothing:here"})
    work(job).join()
    come_to(job, State.FAILED)
    assert "nothing" in job.error
    assert job.error in said(job)


def test_an_engine_that_is_not_there_is_said(make_job, work, host) -> None:
    host.url = "unix:///nonexistent/engine.sock"
    host.save()
    job = make_job(kind=Kind.PULL)
    work(job).join()
    come_to(job, State.FAILED)
    assert "/nonexistent/engine.sock" in job.error


def test_a_cancelled_pull_hangs_up_and_the_engine_stops(make_job, work, user, docker, held_image) -> None:
    job = make_job(kind=Kind.PULL, params={"image": held_image.reference})
    thread: threading.Thread = work(job)
    assert held_image.gate.held.wait(30)
    actions.cancel(job, user)
    thread.join(10)
    assert not thread.is_alive()
    come_to(job, State.CANCELLED)
    assert held_image.gate.abandoned.wait(10), "the engine still waits for the registry"
    assert docker("image", "ls", "--quiet", held_image.reference) == ""
    assert [entry.state for entry in output(job) if isinstance(entry, Moved)] == ["running", "cancelling", "cancelled"]
