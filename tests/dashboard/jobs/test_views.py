"""The pages: who may see and do what."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from dashboard.access.permissions import Role
from dashboard.accounts.models import User
from dashboard.jobs.models import Job
from dashboard.jobs.params import Kind
from dashboard.jobs.states import State
from tests.dashboard.people import browser_of, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("console")]

GETS = ("detail", "row", "head", "facts")
POSTS = ("cancel", "retry")


@pytest.fixture
def job(make_job) -> Job:
    params = {
        "image": "db:1",
        "name": "db-1",
        "environment": {"DB_PASSWORD": "hunter22"},
        "ports": [{"container_port": 80}],
    }
    made: Job = make_job(kind=Kind.RUN, state=State.RUNNING, attempts=1, params=params)
    return made


@pytest.fixture
def owner(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def teammate(db: None) -> Client:
    return browser_of(person("bob", Role.OPERATOR))


def test_a_stranger_is_sent_to_sign_in_and_changes_nothing(job) -> None:
    stranger = Client()
    pages = [reverse("jobs:list"), reverse("jobs:rows"), *(reverse(f"jobs:{name}", args=[job.pk]) for name in GETS)]
    answers = [stranger.get(page) for page in pages]
    answers += [stranger.post(reverse(f"jobs:{name}", args=[job.pk])) for name in POSTS]
    assert all(answer.status_code == 302 and answer["Location"].startswith("/accounts/login/") for answer in answers)
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_pages_show_the_job_and_no_secret(job, owner, teammate) -> None:
    for client in (owner, teammate):
        for page in (reverse("jobs:list"), *(reverse(f"jobs:{name}", args=[job.pk]) for name in GETS)):
            answer = client.get(page)
            assert answer.status_code == 200
            assert "hunter22" not in answer.content.decode()
    assert "db:1 as db-1" in owner.get(reverse("jobs:list")).content.decode()
    assert "DB_PASSWORD=••••••" in owner.get(job.get_absolute_url()).content.decode()


def test_a_job_that_is_not_there_is_404(owner) -> None:
    assert owner.get(reverse("jobs:detail", args=[uuid.uuid4()])).status_code == 404
    assert owner.post(reverse("jobs:cancel", args=[uuid.uuid4()])).status_code == 404


def test_cancel_is_a_post_with_a_token(job, user) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    assert strict.get(reverse("jobs:cancel", args=[job.pk])).status_code == 405
    assert strict.post(reverse("jobs:cancel", args=[job.pk])).status_code == 403
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_cancel_and_cancel_again(job, teammate) -> None:
    for _ in range(2):
        answer = teammate.post(reverse("jobs:cancel", args=[job.pk]))
        assert (answer.status_code, answer["Location"]) == (302, job.get_absolute_url())
    job.refresh_from_db()
    assert job.state == State.CANCELLING


def test_what_is_refused_is_said(make_job, owner) -> None:
    job = make_job(state=State.SUCCEEDED)
    answer = owner.post(reverse("jobs:cancel", args=[job.pk]))
    assert answer.status_code == 409
    assert "The job is over: it succeeded" in answer.content.decode()
    assert owner.post(reverse("jobs:retry", args=[job.pk])).status_code == 409


def test_a_retry_leads_to_the_new_job(make_job, owner) -> None:
    job = make_job(state=State.FAILED, error="no <such> image")
    page = owner.get(job.get_absolute_url()).content.decode()
    assert "no &lt;such&gt; image" in page
    answer = owner.post(reverse("jobs:retry", args=[job.pk]))
    again = Job.objects.get(retry_of=job)
    assert answer["Location"] == again.get_absolute_url()
    assert str(job.pk) in owner.get(again.get_absolute_url()).content.decode()


def test_results_are_links(make_job, owner, host) -> None:
    container = "ab" * 32
    job = make_job(
        state=State.SUCCEEDED, result={"container": container, "name": "db-1", "image": "sha256:" + "cd" * 32}
    )
    page = owner.get(job.get_absolute_url()).content.decode()
    assert reverse("containers:show", args=[host.name, container]) in page
    assert reverse("images:list", args=[host.name]) in page


def test_the_list_has_pages(make_job, owner, monkeypatch) -> None:
    monkeypatch.setattr("dashboard.jobs.views.PAGE_SIZE", 2)
    jobs = [make_job() for _ in range(3)]
    newest, oldest = owner.get("/jobs/").content.decode(), owner.get("/jobs/?page=2").content.decode()
    assert str(jobs[2].pk) in newest
    assert str(jobs[0].pk) in oldest
    assert str(jobs[0].pk) not in newest
    assert owner.get("/jobs/?page=nonsense").status_code == 200
