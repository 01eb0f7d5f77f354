"""Push, exec, commit, save, load and prune on a real engine: what they make, and what a second attempt makes of it."""

import subprocess
import tarfile
import threading
import uuid
from collections.abc import Iterator

import pytest

from dashboard.jobs import broker, files, turns
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from tests.support import waiting
from tests.workers.conftest import come_to, said
from tests.workers.test_run import containers

pytestmark = [pytest.mark.root, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]


@pytest.fixture
def done(make_job, work):
    """Does a job to its end, which is a success unless `state` says otherwise."""

    def run(kind: Kind, params, *, state: State = State.SUCCEEDED, **fields):
        job = make_job(kind=kind, params=params, **fields)
        work(job).join()
        come_to(job, state)
        return job

    return run


@pytest.fixture
def web(docker, busybox) -> str:
    """A container that runs."""
    docker("pull", "--quiet", busybox)
    docker("run", "--detach", "--network", "none", "--name", "web", busybox, "sleep", "1000")
    return "web"


@pytest.fixture
def tagged(docker, busybox, registry) -> Iterator[str]:
    """An image of this test's own, yet to be pushed."""
    docker("pull", "--quiet", busybox)
    name = f"127.0.0.1:{registry.port}/pushed:{uuid.uuid4().hex[:8]}"
    docker("tag", busybox, name)
    yield name
    docker("image", "rm", "--force", name)


def test_a_push_names_the_digest_that_the_registry_has(done, docker, tagged) -> None:
    job = done(Kind.PUSH, {"reference": tagged})
    assert job.result["digest"].startswith("sha256:")
    assert job.parts["layers"]
    docker("image", "rm", "--force", tagged)
    docker("pull", "--quiet", tagged)
    assert job.result["digest"] in docker("image", "inspect", "--format", "{{.RepoDigests}}", tagged)


def test_a_push_again_sends_nothing_else_than_the_first_meant(done, docker, tagged, debian) -> None:
    image = docker("image", "inspect", "--format", "{{.Id}}", tagged)
    assert done(Kind.PUSH, {"reference": tagged}, result={"image": image}).result["image"] == image
    failed = done(Kind.PUSH, {"reference": tagged}, state=State.FAILED, result={"image": "sha256:" + "0" * 64})
    assert "has become another image" in failed.error


def test_an_image_that_is_not_there_is_not_pushed(done) -> None:
    job = done(Kind.PUSH, {"reference": "nothing:here"}, state=State.FAILED)
    assert "nothing:here" in job.error


def test_an_exec_says_what_the_program_says_and_how_it_ended(done, web) -> None:
    script = "echo out; echo err >&2; echo $TOKEN"
    job = done(Kind.EXEC, {"container": web, "argv": ["sh", "-c", script], "environment": {"TOKEN": "hunter22"}})
    assert job.result["exit_code"] == 0
    assert sorted(said(job)) == ["err", "out", "••••••"]


def test_an_exec_that_fails_is_a_failed_job_with_its_exit_code(done, web) -> None:
    job = done(Kind.EXEC, {"container": web, "argv": ["sh", "-c", "exit 7"]}, state=State.FAILED)
    assert (job.result["exit_code"], job.error) == (7, "The program ended with exit code 7")


def test_an_exec_is_started_once(make_job, worker_gone, done, web, docker) -> None:
    """The first attempt is cut off while the program runs; the second waits for that program's end."""
    job = make_job(kind=Kind.EXEC, params={"container": web, "argv": ["sh", "-c", "echo x >> /ran; sleep 2; exit 3"]})
    worker_gone(job, lambda: docker("exec", web, "cat", "/ran"))
    again = done(Kind.EXEC, job.params, state=State.FAILED, result=job.result, attempts=1)
    assert again.result["exit_code"] == 3
    assert docker("exec", web, "cat", "/ran") == "x"


def test_an_exec_that_the_engine_forgot_is_lost(done, web) -> None:
    job = done(Kind.EXEC, {"container": web, "argv": ["true"]}, state=State.LOST, result={"exec": "0" * 64})
    assert "whether it ran is not known" in job.error


def test_a_commit_makes_one_image(done, docker, web) -> None:
    docker("exec", web, "touch", "/made")
    params = {"container": web, "reference": "committed:1", "changes": ["ENV COLOUR=red"], "comment": "by hand"}
    job = done(Kind.COMMIT, params)
    image = docker("image", "inspect", "--format", "{{.Id}}", "committed:1")
    assert job.result["image"] == image
    assert docker("run", "--rm", "--network", "none", "committed:1", "sh", "-c", "ls /made; echo $COLOUR").split() == [
        "/made",
        "red",
    ]
    docker("image", "rm", "committed:1")


def test_images_are_saved_and_loaded(done, docker, busybox) -> None:
    docker("pull", "--quiet", busybox)
    docker("tag", busybox, "kept:1")
    saved = done(Kind.SAVE, {"images": ["kept:1"]})
    path = files.SAVED.path_of(saved.pk)
    assert saved.result["size"] == path.stat().st_size
    with tarfile.open(path) as archive:
        assert "manifest.json" in archive.getnames()
    docker("image", "rm", "kept:1")
    upload = uuid.uuid4()
    path.rename(files.UPLOADS.path_of(upload))
    loaded = done(Kind.LOAD, {"archive": str(upload)})
    assert loaded.result["images"] == ["kept:1"]
    docker("image", "rm", "kept:1")


def test_an_archive_that_is_not_there_is_said(done) -> None:
    job = done(Kind.LOAD, {"archive": str(uuid.uuid4())}, state=State.FAILED)
    assert "is not kept" in job.error


def test_a_prune_counts_what_it_removed(done, docker, busybox) -> None:
    docker("pull", "--quiet", busybox)
    docker("run", "--network", "none", busybox, "true")
    docker("volume", "create", "lonely")
    job = done(Kind.PRUNE, {"objects": ["containers", "volumes"]})
    assert job.result["removed"]["containers"] == 1
    assert docker("ps", "--all", "--quiet") == ""
    docker("volume", "rm", "--force", "lonely")


def test_a_deadline_ends_a_job_and_undoes_what_it_did(make_job, work, sleeper, docker, engine_gate) -> None:
    gate = engine_gate(b"/start")
    job = make_job(kind=Kind.RUN, params=sleeper, time_limit=1)
    work(job)
    assert gate.held.wait(60)
    come_to(job, State.FAILED)
    assert job.error == "Not done within its 1 seconds"
    assert containers(docker, job) == []


def test_a_job_that_ends_gives_its_place_to_the_next(make_job, work, registry, monkeypatch) -> None:
    """The bell of the one that waits was rung when there was no room, and nobody came."""
    monkeypatch.setattr(turns, "PER_KIND", {Kind.PULL: 1})
    first, second = (make_job(params={"reference": f"127.0.0.1:{registry.port}/nothing:{n}"}) for n in (1, 2))
    work(second).join()
    second.refresh_from_db()
    assert second.state == State.QUEUED
    work(first).join()
    come_to(first, State.FAILED)
    assert broker.waiting(second.queue) == 1


@pytest.fixture
def worker_gone(work, user):
    """Has an attempt begin, waits for a sign that it works, and lets it lose its claim, as if it had been killed."""

    def begin(job, sign) -> None:
        thread: threading.Thread = work(job)

        def shows() -> bool:
            try:
                return bool(sign())
            except subprocess.CalledProcessError:
                return False

        waiting.until("the attempt to work", shows, seconds=30)
        job.refresh_from_db()
        type(job).objects.filter(pk=job.pk).update(lease=uuid.uuid4(), state=State.LOST)
        thread.join(20)
        assert not thread.is_alive()

    return begin
