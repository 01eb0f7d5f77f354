"""One action for many containers, with a stand-in for the engine."""

import pytest
from django.test import Client

from dashboard.hosts.models import Host
from tests.dashboard.standin import StandIn

ALL = "/hosts/local/containers/all/do/"
HTMX = {"HX-Request": "true"}
ONE, TWO = "a" * 64, "b" * 64

pytestmark = pytest.mark.usefixtures("local")


def test_each_is_asked_once(signed_in: Client, standin: StandIn) -> None:
    response = signed_in.post(ALL + "stop/", {"name": [ONE, TWO, ONE]}, headers=HTMX)
    assert response.status_code == 204
    assert sorted(standin.asked) == [f"POST /containers/{ONE}/stop", f"POST /containers/{TWO}/stop"]


def test_works_without_scripts(signed_in: Client) -> None:
    assert signed_in.post(ALL + "start/", {"name": ONE})["Location"] == "/hosts/local/containers/"


def test_a_refusal_keeps_no_other_from_it(signed_in: Client, standin: StandIn) -> None:
    standin.refusals = {"x": (409, "x is paused"), "y": (404, "No such container: y")}
    response = signed_in.post(ALL + "remove/", {"name": ["x", ONE, "y"]}, headers=HTMX)
    assert (response.status_code, response.content.decode()) == (409, "x is paused\nNo such container: y")
    assert len(standin.asked) == 1


@pytest.mark.parametrize("names", [[], ["../images"], [ONE, "a?force=1"]])
def test_nothing_but_names_reaches_the_engine(signed_in: Client, standin: StandIn, names: list[str]) -> None:
    assert signed_in.post(ALL + "stop/", {"name": names}).status_code == 400
    assert standin.asked == []


def test_there_are_no_other_actions(signed_in: Client) -> None:
    assert signed_in.post(ALL + "explode/", {"name": ONE}).status_code == 404


def test_an_engine_that_is_away_is_told(signed_in: Client) -> None:
    Host.objects.filter(name="local").update(url="unix:///nowhere.sock")
    assert signed_in.post(ALL + "stop/", {"name": ONE}, headers=HTMX).status_code == 503
