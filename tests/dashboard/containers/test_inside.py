"""The tabs of what goes on in a container, with a stand-in for the engine."""

from typing import Any

import pytest
from django.test import AsyncClient, Client

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


class TestFiles:
    @pytest.fixture(autouse=True)
    def folders(self, standin: StandIn) -> None:
        common = {"size": 5, "mode": 0o644, "mtime": "2026-05-28T20:26:40Z", "target": ""}
        standin.folders = {
            "/": [common | {"name": "note <1>", "type": "file"}, common | {"name": "etc", "type": "dir"}],
            "/etc": [common | {"name": "mtab", "type": "link", "target": "../proc/mounts"}],
        }

    def test_folders_come_first_and_lead_on(self, signed_in: Client) -> None:
        shown = text(signed_in, "files")
        assert shown.index("?path=/etc") < shown.index("note &lt;1&gt;")
        assert "-rw-r--r--" in shown

    def test_a_folder_below(self, signed_in: Client) -> None:
        answer = signed_in.get(f"/hosts/local/containers/{CONTAINER}/files/", {"path": "etc/../etc/"})
        shown = answer.content.decode()
        assert "→ ../proc/mounts" in shown
        assert 'href="?path=/">..</a>' in shown

    def test_a_folder_that_is_not_there(self, signed_in: Client) -> None:
        answer = signed_in.get(f"/hosts/local/containers/{CONTAINER}/files/", {"path": "/nowhere"})
        assert answer.status_code == 404
        assert "Could not find the file /nowhere" in answer.content.decode()

    def test_an_engine_that_can_not_tell(self, signed_in: Client, standin: StandIn) -> None:
        standin.folders = None
        assert "can't tell what is in a folder" in text(signed_in, "files")

    @pytest.mark.django_db(transaction=True)
    async def test_a_download(self, signed_in: Client, standin: StandIn) -> None:
        browser = AsyncClient()
        browser.cookies = signed_in.cookies
        page = f"/hosts/local/containers/{CONTAINER}/download/"
        answer: Any = await browser.get(page, {"path": "/var/log"})
        assert b"".join([piece async for piece in answer.streaming_content]) == b"a tar of /var/log"
        assert answer["Content-Disposition"] == 'attachment; filename="log.tar"'
        standin.refusals["/nowhere"] = (404, "Could not find the file /nowhere")
        assert (await browser.get(page, {"path": "/nowhere"})).status_code == 404

    @pytest.mark.parametrize("part", ["files", "download"])
    def test_it_takes_the_right_to_execute(self, local: Host, part: str) -> None:
        viewer = browser_of(person("eve", Role.VIEWER))
        assert viewer.get(f"/hosts/local/containers/{CONTAINER}/{part}/").status_code == 403
