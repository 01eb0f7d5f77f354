"""The page from which an image is built."""

from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dashboard.jobs import files
from dashboard.jobs.models import Job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("console")]


@pytest.fixture
def page(host) -> str:
    return f"/hosts/{host.name}/build/"


def test_a_dockerfile_becomes_a_job(signed_in, page) -> None:
    assert "Dockerfile" in signed_in.get(page).content.decode()
    sent = {"dockerfile": "FROM busybox", "tags": "app:1\napp:2", "arguments": "COLOUR=red", "push": "on"}
    response = signed_in.post(page, sent)
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    assert job.params["source"] == {"type": "inline", "files": {"Dockerfile": "FROM busybox"}}
    assert (job.params["tags"], job.params["build_args"], job.params["push"]) == (
        ["app:1", "app:2"],
        {"COLOUR": "red"},
        True,
    )


def test_an_archive_is_kept_for_its_job(signed_in, page) -> None:
    signed_in.post(page, {"archive": SimpleUploadedFile("app.tar", b"packed")})
    source = Job.objects.get().params["source"]
    assert files.UPLOADS.path_of(UUID(source["archive"])).read_bytes() == b"packed"


def test_a_repository_is_named_with_a_ref(signed_in, page) -> None:
    signed_in.post(page, {"repository": "https://git.example/team/app.git", "ref": "v1"})
    source = Job.objects.get().params["source"]
    assert (source["type"], source["url"], source["ref"]) == ("git", "https://git.example/team/app.git", "v1")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "Choose one"),
        ({"dockerfile": "FROM x", "repository": "https://git.example/app.git"}, "Choose one"),
        ({"repository": "--upload-pack=evil"}, "pattern"),
        ({"dockerfile": "FROM x", "tags": "Not A Tag"}, "pattern"),
        ({"dockerfile": "FROM x", "arguments": "COLOUR"}, "NAME=value"),
        ({"dockerfile": "FROM x", "push": "on"}, "a push needs a tag"),
    ],
)
def test_what_is_wrong_is_told_beside_the_form(signed_in, page, sent, told) -> None:
    response = signed_in.post(page, sent)
    assert told in response.content.decode()
    assert not Job.objects.exists()
