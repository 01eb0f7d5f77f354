"""The page of all hosts, and their administration."""

import pytest
from django.test import Client

from dashboard.access.permissions import Role
from dashboard.hosts.models import Host
from tests.dashboard.people import browser_of, person
from tests.dashboard.standin import StandIn

PAGE = "/settings/hosts/"


def text(browser: Client, page: str = PAGE) -> str:
    answer = browser.get(page)
    assert answer.status_code == 200
    return answer.content.decode()


def test_each_host_with_its_engine_s_word(signed_in: Client, local: Host, standin: StandIn) -> None:
    standin.info = {"ServerVersion": "1.2.3", "Containers": 5, "ContainersRunning": 2, "Images": 7}
    Host.objects.create(name="away", url="unix:///nowhere/engine.sock")
    shown = text(signed_in)
    assert "Engine 1.2.3: 2 of 5 containers running, 7 images." in shown
    assert "Engine not reachable at unix:///nowhere/engine.sock" in shown


def test_hosts_that_one_does_not_see_are_not_shown(local: Host, standin: StandIn) -> None:
    other = Host.objects.create(name="other", url="unix:///nowhere/engine.sock")
    shown = text(browser_of(person("ada", Role.VIEWER, host=local)))
    assert other.name not in shown
    assert "Add a host" not in shown
    assert "You see no host whole" in text(browser_of(person("eve")))


def test_a_host_is_added_changed_and_removed(signed_in: Client, local: Host) -> None:
    assert signed_in.post(PAGE + "add/", {"name": "far", "url": "tcp://192.0.2.1:2375/"}).status_code == 302
    far = Host.objects.get(name="far")
    assert far.url == "tcp://192.0.2.1:2375"
    signed_in.post(f"{PAGE}{far.pk}/", {"name": "renamed", "url": "unix:///run/other.sock"})
    far.refresh_from_db()
    assert (far.name, far.url) == ("far", "unix:///run/other.sock")
    signed_in.post(f"{PAGE}{far.pk}/remove/")
    assert not Host.objects.filter(name="far").exists()


@pytest.mark.parametrize("url", ["", "far", "http://far", "unix://relative", "tcp://", "tcp://a/b", "file:///etc"])
def test_what_is_no_address_is_refused(signed_in: Client, url: str) -> None:
    assert signed_in.post(PAGE + "add/", {"name": "far", "url": url}).status_code == 422


def test_the_local_host_stays(signed_in: Client, local: Host) -> None:
    assert signed_in.post(f"{PAGE}{local.pk}/remove/").status_code == 404
    signed_in.post(f"{PAGE}{local.pk}/", {"name": "x", "url": "tcp://192.0.2.1:1"})
    before = (local.name, local.url)
    local.refresh_from_db()
    assert (local.name, local.url) == before


def test_hosts_to_switch_between(signed_in: Client, local: Host) -> None:
    assert "Host: <strong>" not in text(signed_in, "/hosts/local/volumes/")
    Host.objects.create(name="other", url="unix:///nowhere/engine.sock")
    shown = text(signed_in, "/hosts/local/volumes/")
    assert "Host: <strong>local</strong>" in shown
    assert 'href="/hosts/other/"' in shown
    viewer = browser_of(person("ada", Role.VIEWER, host=local))
    assert "/hosts/other/" not in text(viewer, "/hosts/local/volumes/")
