"""Pages of containers, with a stand-in for the engine: the owner's, a teammate's, a stranger's."""

import pytest
from django.test import Client

from dashboard.access.permissions import Role
from dashboard.accounts.models import User
from dashboard.hosts.models import Host
from dashboard.jobs.models import Job
from tests.dashboard.people import browser_of, person
from tests.dashboard.standin import StandIn, inspected, listed

WEB = "a" * 64
LIST = "/hosts/local/containers/"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def web(local: Host, standin: StandIn) -> None:
    standin.containers = [
        listed(WEB, "web", Ports=[{"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}]),
        listed("b" * 64, "old", state="exited"),
    ]
    standin.details = {WEB: inspected(WEB, "web"), "web": inspected(WEB, "web")}


@pytest.fixture
def teammate(db: None) -> Client:
    return browser_of(person("teammate", Role.MAINTAINER))


def text(client: Client, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200
    return response.content.decode()


class TestList:
    def test_shows_names_states_and_ports(self, signed_in: Client) -> None:
        page = text(signed_in, LIST)
        assert "web</a>" in page
        assert "state-exited" in page
        assert 'href="http://testserver:8080/"' in page

    def test_a_teammate_sees_the_same(self, signed_in: Client, teammate: Client) -> None:
        assert "web</a>" in text(teammate, LIST)

    def test_offers_what_the_state_allows(self, signed_in: Client) -> None:
        page = text(signed_in, LIST + "rows/")
        assert f"{WEB}/do/stop/" in page
        assert f"{WEB}/do/start/" not in page
        assert f"{'b' * 64}/do/start/" in page
        assert f"{'b' * 64}/do/stop/" not in page

    def test_says_when_there_are_none(self, signed_in: Client, standin: StandIn) -> None:
        standin.containers = []
        assert "No containers yet" in text(signed_in, LIST)

    def test_an_unknown_host_is_not_found(self, signed_in: Client) -> None:
        assert signed_in.get("/hosts/nowhere/containers/").status_code == 404

    def test_an_engine_that_is_away_is_told_and_tried_again(self, signed_in: Client) -> None:
        Host.objects.filter(name="local").update(url="unix:///nowhere.sock")
        response = signed_in.get(LIST)
        assert response.status_code == 503
        assert "Engine not reachable at unix:///nowhere.sock: No such file or directory" in response.content.decode()
        assert 'http-equiv="refresh"' in response.content.decode()


class TestRow:
    def test_is_the_containers_own(self, signed_in: Client) -> None:
        row = text(signed_in, f"{LIST}{WEB}/row/")
        assert f'id="container-{WEB}"' in row
        assert "old" not in row

    def test_of_a_container_that_is_gone_is_empty(self, signed_in: Client) -> None:
        assert text(signed_in, f"{LIST}{'c' * 64}/row/") == ""


class TestPage:
    @pytest.mark.parametrize("tab", ["", "logs/", "terminal/", "inspect/"])
    def test_has_its_tabs(self, signed_in: Client, tab: str) -> None:
        page = text(signed_in, f"{LIST}{WEB}/{tab}")
        assert page.count('aria-current="page"') == 2  # one in the sidebar, one among the tabs

    def test_is_found_by_name(self, signed_in: Client) -> None:
        assert WEB in text(signed_in, f"{LIST}web/")

    def test_shows_what_strangers_wrote_as_text(self, signed_in: Client) -> None:
        page = text(signed_in, f"{LIST}{WEB}/")
        assert "&lt;b&gt;web&lt;/b&gt;" in page
        assert "<b>web" not in page

    def test_of_a_container_that_is_not_there(self, signed_in: Client) -> None:
        response = signed_in.get(f"{LIST}nothing/")
        assert response.status_code == 404
        assert "No such container: nothing" in response.content.decode()

    def test_has_no_other_tabs(self, signed_in: Client) -> None:
        assert signed_in.get(f"{LIST}{WEB}/secrets/").status_code == 404

    def test_tells_when_the_container_goes(self, signed_in: Client, standin: StandIn) -> None:
        standin.details = {}
        assert "has been removed" in text(signed_in, f"{LIST}{WEB}/head/")
        assert text(signed_in, f"{LIST}{WEB}/overview/") == ""


class TestActions:
    @pytest.mark.parametrize(
        ("action", "asked"),
        [
            ("start", f"POST /containers/{WEB}/start"),
            ("stop", f"POST /containers/{WEB}/stop"),
            ("restart", f"POST /containers/{WEB}/restart"),
            ("kill", f"POST /containers/{WEB}/kill"),
            ("remove", f"DELETE /containers/{WEB}?force=True"),
        ],
    )
    def test_reach_the_engine(self, signed_in: Client, standin: StandIn, action: str, asked: str) -> None:
        assert signed_in.post(f"{LIST}{WEB}/do/{action}/", headers=HTMX).status_code == 204
        assert [line.replace("force=1", "force=True") for line in standin.asked] == [asked]

    def test_work_without_scripts(self, signed_in: Client) -> None:
        assert signed_in.post(f"{LIST}{WEB}/do/stop/")["Location"] == LIST

    def test_are_never_a_link(self, signed_in: Client, standin: StandIn) -> None:
        assert signed_in.get(f"{LIST}{WEB}/do/stop/").status_code == 405
        assert standin.asked == []

    def test_are_no_others(self, signed_in: Client, standin: StandIn) -> None:
        assert signed_in.post(f"{LIST}{WEB}/do/export/").status_code == 404
        assert standin.asked == []

    def test_that_the_engine_refuses_are_told_beside_the_page(self, signed_in: Client, standin: StandIn) -> None:
        standin.refusals[WEB] = (409, "removal of container <x> is already in progress")
        response = signed_in.post(f"{LIST}{WEB}/do/remove/", headers=HTMX)
        assert response.status_code == 409
        assert response["Content-Type"].startswith("text/plain")
        assert response.content.decode() == "removal of container <x> is already in progress"


class TestRun:
    def test_offers_the_images_that_are_there(self, signed_in: Client, standin: StandIn) -> None:
        standin.images = [{"Id": "sha256:1", "RepoTags": ["redis:7"], "Size": 1, "Created": 1}]
        page = text(signed_in, f"{LIST}run/?image=debian:12")
        assert '<option value="redis:7">' in page
        assert 'value="debian:12"' in page

    def test_a_valid_form_becomes_a_job(self, signed_in: Client, owner: User) -> None:
        response = signed_in.post(f"{LIST}run/", {"image": "busybox", "name": "t1", "command": "sleep 5", "tty": "on"})
        job = Job.objects.get()
        assert response["Location"] == job.get_absolute_url()
        assert (job.kind, job.host.name, job.requested_by) == ("run", "local", owner)
        assert job.params["command"] == ["sleep", "5"]

    def test_a_mistake_comes_back_with_what_was_written(self, signed_in: Client) -> None:
        page = signed_in.post(f"{LIST}run/", {"image": "busybox", "ports": "http", "name": "t1"}).content.decode()
        assert "is not a port" in page
        assert 'value="t1"' in page
        assert not Job.objects.exists()
