"""Pages of saved builds."""

import pytest
from django.core.exceptions import PermissionDenied

from dashboard.access.permissions import Role
from dashboard.accounts.models import User
from dashboard.builds import running, saving, tokens
from dashboard.builds.models import Run, SavedBuild
from dashboard.jobs.models import Job
from dashboard.jobs.origin import By, Origin
from dashboard.sealing import RESEALERS, opened
from tests.dashboard.builds.conftest import definition
from tests.dashboard.people import browser_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("console")]
LIST = "/hosts/local/builds/"
APP = LIST + "of/app/"
GIT = {"name": "site", "repository": "https://git.example/site.git", "ref": "main", "tags": "site:{commit}"}


@pytest.fixture
def site(signed_in, local) -> SavedBuild:
    assert signed_in.post(LIST + "create/", GIT | {"token": "hunter2"}).status_code == 302
    return SavedBuild.objects.get(name="site")


def test_a_build_is_saved_shown_and_run(signed_in, local) -> None:
    sent = {"name": "app", "text": "FROM busybox", "tags": "app:{counter}", "arguments": "A_TOKEN=x", "watch": "on"}
    assert signed_in.post(LIST + "create/", sent)["Location"] == APP
    assert "app:{counter}" in signed_in.get(LIST).content.decode()
    response = signed_in.post(APP + "run/")
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    assert job.params["tags"] == ["app:1"]
    page = signed_in.get(APP).content.decode()
    assert ("Run 1" in page, "A_TOKEN=x" in page) == (True, False)


def test_its_form_shows_what_it_is_and_keeps_what_was_masked(signed_in, local) -> None:
    sent = {"name": "app", "text": "FROM busybox", "arguments": "A_TOKEN=x"}
    signed_in.post(LIST + "create/", sent)
    page = signed_in.get(APP + "edit/").content.decode()
    assert ("FROM busybox" in page, "A_TOKEN=••••••" in page) == (True, True)
    signed_in.post(APP + "edit/", sent | {"name": "app2", "arguments": "A_TOKEN=••••••"})
    assert SavedBuild.objects.get().defined.build_args == {"A_TOKEN": "x"}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "Choose one"),
        ({"text": "FROM x", "repository": "https://git.example/a.git"}, "Choose one"),
        ({"text": "FROM x", "tags": "app:{commit}"}, "only a repository"),
        ({"name": "a/b", "text": "FROM x"}, "Enter a valid value"),
        ({"name": "app", "text": "FROM x"}, "There is a build called app"),
    ],
)
def test_what_is_wrong_is_told_beside_the_form(signed_in, build, sent, told) -> None:
    response = signed_in.post(LIST + "create/", {"name": "other"} | sent)
    assert (response.status_code, told in response.content.decode()) == (422, True)
    assert SavedBuild.objects.count() == 1


def test_a_token_is_sealed_and_opened_for_its_own_run_and_place_alone(site, owner) -> None:
    assert "hunter2" not in site.sealed_token
    admission = running.admitted_by_owner(site)
    job = running.start(site, admission, owner, by=By(Origin.SCHEDULE), cause="").job
    again = Job.objects.create(kind=job.kind, host=job.host, params=job.params, retry_of=job)
    stranger = Job.objects.create(kind=job.kind, host=job.host, params=job.params)
    assert [tokens.token_for(one.pk, site.repository) for one in (job, again, stranger)] == ["hunter2", "hunter2", ""]
    assert tokens.token_for(job.pk, "https://evil.example/site.git") == ""


def test_a_token_stays_with_its_repository(signed_in, site) -> None:
    signed_in.post(LIST + "of/site/edit/", GIT | {"ref": "v2"})
    site.refresh_from_db()
    assert opened(site.sealed_token) == "hunter2"
    signed_in.post(LIST + "of/site/edit/", GIT | {"repository": "https://evil.example/site.git"})
    site.refresh_from_db()
    assert site.sealed_token == ""


def test_tokens_are_sealed_anew_with_all_secrets(site) -> None:
    before = site.sealed_token
    assert tokens.reseal in RESEALERS
    assert tokens.reseal() == 1
    site.refresh_from_db()
    assert site.sealed_token != before
    assert opened(site.sealed_token) == "hunter2"


def test_who_saves_it_last_is_whose_rights_it_runs_by(build, local) -> None:
    builder = person("builder", Role.BUILDER, host=local)
    browser_of(builder).post(APP + "edit/", {"name": "app", "text": "FROM busybox"})
    build.refresh_from_db()
    assert build.owner == builder
    builder.grants.all().delete()
    with pytest.raises(PermissionDenied):
        running.admitted_by_owner(build)


def test_without_an_owner_nothing_runs_by_itself(build, owner) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    with pytest.raises(PermissionDenied, match="is gone"):
        running.admitted_by_owner(SavedBuild.objects.get())


def test_a_viewer_sees_it_and_runs_nothing(build, local) -> None:
    browser = browser_of(person("viewer", Role.VIEWER, host=local))
    assert browser.get(APP).status_code == 200
    assert browser.post(APP + "run/").status_code == 403
    assert not Run.objects.exists()


def test_a_build_that_is_forgotten_leaves_its_jobs(signed_in, build) -> None:
    signed_in.post(APP + "run/")
    assert signed_in.post(APP + "remove/")["Location"] == LIST
    assert (SavedBuild.objects.count(), Job.objects.count()) == (0, 1)


def test_saving_keeps_files_that_the_form_does_not_show(signed_in, local, owner) -> None:
    files = {"Dockerfile": "FROM busybox", "word": "hello"}
    saving.create(local, owner, "app", definition(source={"type": "inline", "files": files}))
    signed_in.post(APP + "edit/", {"name": "app", "text": "FROM debian"})
    assert SavedBuild.objects.get().definition["source"]["files"] == {"Dockerfile": "FROM debian", "word": "hello"}
