"""Pages of images, with a stand-in for the engine."""

import pytest
from django.test import Client

from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from tests.dashboard.standin import StandIn, listed

LIST = "/hosts/local/images/"
HTMX = {"HX-Request": "true"}
NAMELESS = "sha256:" + "2" * 64


@pytest.fixture(autouse=True)
def images(local: Host, standin: StandIn) -> None:
    standin.images = [
        {
            "Id": "sha256:" + "1" * 64,
            "RepoTags": ["127.0.0.1:5000/redis:7", "redis:latest"],
            "Size": 88_300_000,
            "Created": 1_780_000_000,
        },
        {"Id": NAMELESS, "RepoTags": ["<none>:<none>"], "Size": 1024, "Created": 1_780_000_000},
    ]


def text(client: Client, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200
    return response.content.decode()


def test_each_tag_has_a_row(signed_in: Client) -> None:
    page = text(signed_in, LIST)
    assert page.count("<tr>") == 1 + 3
    assert "88.3 MB" in page
    assert "?image=127.0.0.1%3A5000%2Fredis%3A7" in page


def test_an_image_without_a_name_is_known_by_its_id(signed_in: Client) -> None:
    rows = text(signed_in, LIST + "rows/")
    assert "without a name" in rows
    assert f'value="{NAMELESS}"' in rows


def test_says_when_there_are_none(signed_in: Client, standin: StandIn) -> None:
    standin.images = []
    assert "No images yet" in text(signed_in, LIST)


def test_pull_becomes_a_job(signed_in: Client) -> None:
    response = signed_in.post(LIST + "pull/", {"image": " 127.0.0.1:5000/team/app:1 "})
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    assert (job.kind, job.params["reference"]) == ("pull", "127.0.0.1:5000/team/app:1")


@pytest.mark.parametrize("name", ["", "Not An Image", "../x", "a" * 600])
def test_what_names_no_image_is_told(signed_in: Client, name: str) -> None:
    response = signed_in.post(LIST + "pull/", {"image": name})
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not Job.objects.exists()


def test_remove_takes_one_tag(signed_in: Client, standin: StandIn) -> None:
    response = signed_in.post(LIST + "remove/", {"reference": "127.0.0.1:5000/redis:7"}, headers=HTMX)
    assert response.status_code == 204
    assert standin.asked == ["DELETE /images/127.0.0.1:5000%2Fredis:7?force=0&noprune=0"]


def test_remove_works_without_scripts(signed_in: Client) -> None:
    assert signed_in.post(LIST + "remove/", {"reference": "redis:latest"})["Location"] == LIST


@pytest.mark.parametrize("reference", ["", "..", "../containers/x", "redis?force=1", "a b", "-f"])
def test_nothing_but_a_reference_reaches_the_engine(signed_in: Client, standin: StandIn, reference: str) -> None:
    assert signed_in.post(LIST + "remove/", {"reference": reference}).status_code == 400
    assert standin.asked == []


def test_a_conflict_is_told_beside_the_page(signed_in: Client, standin: StandIn) -> None:
    standin.refusals["redis:latest"] = (409, "conflict: container abc is using its referenced image")
    response = signed_in.post(LIST + "remove/", {"reference": "redis:latest"}, headers=HTMX)
    assert (response.status_code, response.content.decode()) == (
        409,
        "conflict: container abc is using its referenced image",
    )


REDIS = "1" * 64
PAGE = f"{LIST}{REDIS}/"


@pytest.fixture
def redis(standin: StandIn) -> None:
    standin.image_details[REDIS] = {
        "Id": f"sha256:{REDIS}",
        "RepoTags": ["redis:latest"],
        "RepoDigests": ["redis@sha256:" + "d" * 64],
        "Created": "2026-05-28T20:26:40.123456789Z",
        "Size": 88_300_000,
        "Os": "linux",
        "Architecture": "arm64",
        "Variant": "v8",
        "Config": {"Env": ["COLOUR=blue=green"], "Cmd": ["redis-server", "a b"], "ExposedPorts": {"6379/tcp": {}}},
        "RootFS": {"Type": "layers", "Layers": ["sha256:" + "e" * 64]},
    }
    standin.history = [
        {"Created": 2, "CreatedBy": '/bin/sh -c #(nop)  CMD ["redis-server"]', "Size": 0},
        {"Created": 1, "CreatedBy": "/bin/sh -c apt-get install <redis>", "Size": 5_000_000},
    ]
    standin.containers = [
        listed("a" * 64, "cache", ImageID=f"sha256:{REDIS}"),
        listed("b" * 64, "other", ImageID=NAMELESS),
    ]


@pytest.mark.usefixtures("redis")
class TestPage:
    def test_shows_what_the_image_is(self, signed_in: Client) -> None:
        page = text(signed_in, PAGE)
        for fact in ("linux/arm64/v8", "88.3 MB", "redis@sha256:ddd", "6379/tcp", "blue=green", "sha256:eee"):
            assert fact in page
        assert "redis-server &#x27;a b&#x27;" in page

    def test_its_history_begins_with_the_base(self, signed_in: Client) -> None:
        page = text(signed_in, PAGE)
        assert page.index("RUN apt-get install &lt;redis&gt;") < page.index("CMD [&quot;redis-server&quot;]")
        assert "#(nop)" not in page
        assert "5 MB" in page

    def test_names_the_containers_that_use_it(self, signed_in: Client) -> None:
        page = text(signed_in, PAGE)
        assert ">cache</a>" in page
        assert ">other</a>" not in page

    def test_tells_that_its_image_is_gone(self, signed_in: Client, standin: StandIn) -> None:
        standin.image_details.clear()
        assert "This image has been removed" in text(signed_in, PAGE + "facts/")
        assert signed_in.get(PAGE).status_code == 404


class TestPrune:
    def test_shows_what_goes(self, signed_in: Client) -> None:
        page = text(signed_in, LIST + "prune/")
        assert f'value="{"2" * 64}" checked' in page
        assert REDIS not in page

    def test_spares_what_a_container_uses(self, signed_in: Client, standin: StandIn) -> None:
        standin.containers = [listed("b" * 64, "other", ImageID=NAMELESS)]
        assert "Nothing to prune" in text(signed_in, LIST + "prune/")

    def test_removes_what_was_ticked(self, signed_in: Client, standin: StandIn) -> None:
        response = signed_in.post(LIST + "prune/", {"name": "2" * 64}, follow=True)
        assert "1 image removed" in response.content.decode()
        assert standin.asked == [f"DELETE /images/{'2' * 64}?force=0&noprune=0"]

    def test_nothing_but_ids_reaches_the_engine(self, signed_in: Client, standin: StandIn) -> None:
        assert "Tick at least one" in signed_in.post(LIST + "prune/", {"name": "../x"}).content.decode()
        assert standin.asked == []
