"""The tabs of what goes on in a container, with a stand-in for the engine."""

import pytest
from django.test import Client

from dashboard.access.permissions import Role
from dashboard.hosts.models import Host
from tests.dashboard.people import browser_of, person
from tests.dashboard.standin import StandIn, inspected

CONTAINER = "a" * 64


@pytest.fixture(autouse=True)
def running(local: Host, standin: StandIn) -> None:
    standin.details = {CONTAINER: inspected(CONTAINER, "web")}
    standin.processes = {"Titles": ["PID", "CMD"], "Processes": [["7", "sleep <1000>"]]}
    standin.changes = [{"Kind": 1, "Path": "/b"}, {"Kind": 2, "Path": "/a"}, {"Kind": 0, "Path": "/c"}]


def text(browser: Client, tab: str) -> str:
    answer = browser.get(f"/hosts/local/containers/{CONTAINER}/{tab}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_processes(signed_in: Client) -> None:
    shown = text(signed_in, "processes")
    assert '<th scope="col">CMD</th>' in shown
    assert "sleep &lt;1000&gt;" in shown


def test_no_processes_where_it_does_not_run(signed_in: Client, standin: StandIn) -> None:
    standin.refusals[CONTAINER] = (409, "Container is not running")
    assert "It does not run" in text(signed_in, "processes")


def test_changes_by_path(signed_in: Client) -> None:
    shown = text(signed_in, "changes")
    assert shown.index("/a</td>") < shown.index("/b</td>") < shown.index("/c</td>")
    assert "3 paths differ" in shown
    assert "<td>deleted</td>" in shown


def test_no_changes(signed_in: Client, standin: StandIn) -> None:
    standin.changes = []
    assert "No file differs" in text(signed_in, "changes")


def test_charts_know_their_socket(signed_in: Client) -> None:
    assert f'data-stats="/ws/hosts/local/containers/{CONTAINER}/stats/"' in text(signed_in, "stats")


def test_tabs_are_those_that_are_permitted(local: Host) -> None:
    shown = text(browser_of(person("builder", Role.VIEWER)), "stats")
    assert f"{CONTAINER}/logs/" in shown
    assert f"{CONTAINER}/terminal/" not in shown


def test_a_link_may_say_what_the_run_form_begins_with(signed_in: Client) -> None:
    answer = signed_in.get("/hosts/local/containers/run/", {"image": "app:1", "entrypoint": "/bin/sh", "tty": "on"})
    shown = answer.content.decode()
    assert 'value="app:1"' in shown
    assert 'value="/bin/sh"' in shown
    assert 'name="tty" id="id_tty" checked' in shown
