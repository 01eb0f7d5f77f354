"""Pages of volumes, with a stand-in for the engine."""

import pytest
from django.test import Client

from dashboard.hosts.models import Host
from tests.dashboard.standin import StandIn, listed, volume

LIST = "/hosts/local/volumes/"
DATA = LIST + "named/data/"
HTMX = {"HX-Request": "true"}
MOUNT = {"Type": "volume", "Name": "data", "Destination": "/data"}


@pytest.fixture(autouse=True)
def volumes(local: Host, standin: StandIn) -> None:
    standin.volumes = [volume("old"), volume("data", Labels={"team": "<b>web</b>"})]
    standin.containers = [listed("a" * 64, "web", Mounts=[MOUNT]), listed("b" * 64, "other")]


def text(client: Client, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_who_uses_what(signed_in: Client) -> None:
    page = text(signed_in, LIST)
    assert page.index(">data</a>") < page.index(">old</a>")
    assert page.count(">web</a>") == 1
    assert ">other</a>" not in page
    assert "team=&lt;b&gt;web&lt;/b&gt;" in page


def test_says_when_there_are_none(signed_in: Client, standin: StandIn) -> None:
    standin.volumes = []
    assert "No volumes yet" in text(signed_in, LIST + "rows/")


def test_one_volume_has_a_page(signed_in: Client) -> None:
    page = text(signed_in, DATA)
    assert "/v/data/_data" in page
    assert ">web</a>" in page


def test_a_page_tells_that_its_volume_is_gone(signed_in: Client, standin: StandIn) -> None:
    standin.volumes = []
    assert "This volume has been removed" in text(signed_in, DATA + "facts/")
    assert signed_in.get(DATA).status_code == 404


def test_create(signed_in: Client, standin: StandIn) -> None:
    given = {"name": "new", "driver": "local", "labels": "a=b=c\n\nd", "options": "type=tmpfs"}
    assert signed_in.post(LIST + "create/", given)["Location"] == LIST + "named/new/"
    assert standin.bodies == [
        {"Name": "new", "Driver": "local", "Labels": {"a": "b=c", "d": ""}, "DriverOpts": {"type": "tmpfs"}}
    ]


@pytest.mark.parametrize("given", [{"name": "../x"}, {"driver": ""}, {"labels": "=x"}, {"options": " =x"}])
def test_what_makes_no_volume_is_told(signed_in: Client, standin: StandIn, given: dict[str, str]) -> None:
    response = signed_in.post(LIST + "create/", {"name": "new", "driver": "local"} | given)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert not standin.asked


def test_the_engines_refusal_stands_in_the_form(signed_in: Client, standin: StandIn) -> None:
    standin.refusals["new"] = (409, "a volume named new already exists with different options")
    response = signed_in.post(LIST + "create/", {"name": "new", "driver": "local"})
    assert response.status_code == 422
    assert "already exists with different options" in response.content.decode()
    assert 'value="new"' in response.content.decode()


def test_remove(signed_in: Client, standin: StandIn) -> None:
    assert signed_in.post(DATA + "remove/", headers=HTMX).status_code == 204
    assert signed_in.post(DATA + "remove/")["Location"] == LIST
    assert [line.partition("?")[0] for line in standin.asked] == ["DELETE /volumes/data"] * 2


def test_a_volume_in_use_stays(signed_in: Client, standin: StandIn) -> None:
    standin.refusals["data"] = (409, "remove data: volume is in use - [abc]")
    response = signed_in.post(DATA + "remove/", headers=HTMX)
    assert (response.status_code, response.content.decode()) == (409, "remove data: volume is in use - [abc]")


class TestPrune:
    def test_shows_what_goes(self, signed_in: Client) -> None:
        page = text(signed_in, LIST + "prune/")
        assert 'value="old" checked' in page
        assert 'value="data"' not in page

    def test_removes_what_was_ticked(self, signed_in: Client, standin: StandIn) -> None:
        response = signed_in.post(LIST + "prune/", {"name": ["old", "older"]}, follow=True)
        assert "2 volumes removed" in response.content.decode()
        assert sorted(line.partition("?")[0] for line in standin.asked) == [
            "DELETE /volumes/old",
            "DELETE /volumes/older",
        ]

    def test_goes_on_past_a_refusal_and_tells_it(self, signed_in: Client, standin: StandIn) -> None:
        standin.refusals["old"] = (409, "remove old: volume is in use - [abc]")
        response = signed_in.post(LIST + "prune/", {"name": ["old", "older"]})
        assert response.status_code == 409
        assert "remove old: volume is in use" in response.content.decode()
        assert [line.partition("?")[0] for line in standin.asked] == ["DELETE /volumes/older"]

    @pytest.mark.parametrize("names", [[], ["../containers/x"], ["old", "a?force=1"]])
    def test_nothing_but_names_reaches_the_engine(self, signed_in: Client, standin: StandIn, names: list[str]) -> None:
        response = signed_in.post(LIST + "prune/", {"name": names})
        assert "Tick at least one" in response.content.decode()
        assert standin.asked == []

    def test_says_when_there_is_nothing_to_do(self, signed_in: Client, standin: StandIn) -> None:
        standin.volumes = [volume("data")]
        assert "Nothing to prune" in text(signed_in, LIST + "prune/")
