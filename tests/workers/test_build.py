"""Build jobs on a real engine, from every kind of source."""

import io
import subprocess
import tarfile
import threading
import uuid
import zipfile
from typing import Any

import pytest

from dashboard.jobs import actions, files
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from tests.support import waiting
from tests.workers.conftest import come_to, said

pytestmark = [pytest.mark.root, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]


@pytest.fixture
def built(make_job, work, docker, busybox):
    """Builds a source, and takes the names away afterwards."""
    docker("pull", "--quiet", busybox)
    tags = []

    def run(source, *, state: State = State.SUCCEEDED, **params):
        tag = f"built:{uuid.uuid4().hex[:8]}"
        tags.append(tag)
        job = make_job(kind=Kind.BUILD, params={"source": source, "tags": [tag], **params})
        work(job).join()
        come_to(job, state)
        return job

    yield run
    for tag in tags:
        docker("image", "rm", "--force", tag)


@pytest.fixture
def dockerfile(busybox) -> str:
    return f"FROM {busybox}\nARG COLOUR=blue\nCOPY word /word\nRUN cat /word && echo $COLOUR > /colour\n"


def inline(dockerfile: str) -> dict[str, Any]:
    return {"type": "inline", "files": {"Dockerfile": dockerfile, "word": "from the context\n"}}


def word_in(docker, job) -> list[str]:
    said: str = docker("run", "--rm", "--network", "none", job.params["tags"][0], "cat", "/word", "/colour")
    return said.splitlines()


def upload(data: bytes) -> dict[str, Any]:
    id_ = uuid.uuid4()
    with files.UPLOADS.writing(id_) as draft:
        draft.write(data)
    return {"type": "archive", "archive": str(id_)}


def test_files_that_came_with_the_job_are_built_step_by_step(built, docker, dockerfile) -> None:
    job = built(inline(dockerfile), build_args={"COLOUR": "red"})
    assert job.result["image"] == docker("image", "inspect", "--format", "{{.Id}}", job.params["tags"][0])
    assert word_in(docker, job) == ["from the context", "red"]
    steps = job.parts["steps"]
    assert [(step["step"], step["total"]) for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {step["status"] for step in steps} <= {"done", "cached"}
    assert "from the context" in said(job)


def test_a_step_that_fails_fails_the_job_in_the_engine_s_words(built, busybox) -> None:
    job = built({"type": "inline", "files": {"Dockerfile": f"FROM {busybox}\nRUN exit 3\n"}}, state=State.FAILED)
    assert "3" in job.error
    assert job.parts["steps"][-1]["status"] == "failed"


def test_what_a_failed_step_left_can_be_looked_into(built, docker, busybox) -> None:
    text = f"FROM {busybox}\nRUN echo found > /trace; exit 3\n"
    job = built({"type": "inline", "files": {"Dockerfile": text}}, state=State.FAILED)
    assert docker("run", "--rm", "--network", "none", job.result["failed_step"], "cat", "/trace").strip() == "found"


def test_secrets_in_arguments_are_in_neither_log_nor_steps(built, busybox) -> None:
    text = f"FROM {busybox}\nARG NPM_TOKEN\nRUN echo it is $NPM_TOKEN\n"
    job = built({"type": "inline", "files": {"Dockerfile": text}}, build_args={"NPM_TOKEN": "hunter22"})
    assert "it is ••••••" in said(job)
    assert "hunter22" not in str(job.parts)
    assert "hunter22" not in str(job.public_parameters)


def test_an_uploaded_tar_is_built(built, docker, dockerfile) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in inline(dockerfile)["files"].items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    assert word_in(docker, built(upload(packed.getvalue())))[0] == "from the context"


def test_an_uploaded_zip_is_built_unless_it_leads_out(built, docker, dockerfile) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in inline(dockerfile)["files"].items():
            archive.writestr(name, text)
    assert word_in(docker, built(upload(packed.getvalue())))[0] == "from the context"
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("../outside", "x")
    assert "leads out of it" in built(upload(packed.getvalue()), state=State.FAILED).error


def test_a_repository_is_built_at_a_ref_from_a_subdirectory(built, docker, dockerfile, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PORTSIDE_GIT_FILES", "1")
    repository, inside = tmp_path / "repository", tmp_path / "repository" / "app"
    inside.mkdir(parents=True)
    for name, text in inline(dockerfile)["files"].items():
        (inside / name).write_text(text)
    git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for argv in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "one"], ["tag", "v1"]):
        subprocess.run([*git, *argv], check=True)
    (inside / "word").write_text("later\n")
    subprocess.run([*git, "commit", "-q", "-a", "-m", "two"], check=True)
    source = {"type": "git", "url": f"file://{repository}", "subdirectory": "app"}
    assert word_in(docker, built({**source, "ref": "v1"}))[0] == "from the context"
    assert word_in(docker, built(source))[0] == "later"
    assert "no directory" in built({**source, "subdirectory": "nowhere"}, state=State.FAILED).error


def test_a_way_to_a_repository_that_is_not_allowed_is_not_gone(built, tmp_path) -> None:
    job = built({"type": "git", "url": f"file://{tmp_path}"}, state=State.FAILED)
    assert "git fetch ended with exit code" in job.error
    assert any("not allowed" in line for line in said(job))


def test_what_was_built_is_pushed_under_every_tag(built, docker, busybox, registry) -> None:
    tags = [f"127.0.0.1:{registry.port}/built:{uuid.uuid4().hex[:8]}" for _ in range(2)]
    job = built({"type": "inline", "files": {"Dockerfile": f"FROM {busybox}\nLABEL a=b\n"}}, tags=tags, push=True)
    assert list(job.result["digests"]) == tags
    for tag in tags:
        docker("image", "rm", "--force", tag)
        docker("pull", "--quiet", tag)
        docker("image", "rm", "--force", tag)


def test_an_attempt_that_follows_does_not_build_again(make_job, work, docker, busybox) -> None:
    docker("pull", "--quiet", busybox)
    image = docker("image", "inspect", "--format", "{{.Id}}", busybox)
    source = {"type": "inline", "files": {"Dockerfile": "FROM nowhere:1\n"}}
    params = {"source": source, "tags": [busybox]}
    job = make_job(kind=Kind.BUILD, params=params, result={"image": image})
    work(job).join()
    come_to(job, State.SUCCEEDED)
    other = make_job(kind=Kind.BUILD, params=params, result={"image": "sha256:" + "0" * 64})
    work(other).join()
    come_to(other, State.FAILED)
    assert "has become another image" in other.error


def test_a_build_is_cancelled_in_the_middle_of_a_step(make_job, work, user, docker, busybox) -> None:
    docker("pull", "--quiet", busybox)
    source = {"type": "inline", "files": {"Dockerfile": f"FROM {busybox}\nRUN echo begun; sleep 600\n"}}
    job = make_job(kind=Kind.BUILD, params={"source": source})
    thread: threading.Thread = work(job)

    def is_in_step() -> bool:
        job.refresh_from_db()
        return any(step["step"] == 2 for step in job.parts.get("steps", ()))

    waiting.until("the second step", is_in_step, seconds=30)
    actions.cancel(job, user)
    thread.join(20)
    assert not thread.is_alive()
    come_to(job, State.CANCELLED)
