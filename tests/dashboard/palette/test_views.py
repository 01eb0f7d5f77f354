"""What the command palette finds."""

from typing import Any

import pytest
from django.test import Client

from dashboard.hosts.models import Host
from tests.dashboard.standin import StandIn, listed, network, volume

PAGE = "/hosts/local/palette/"
WEB = "a" * 64


@pytest.fixture(autouse=True)
def engine(local: Host, standin: StandIn) -> None:
    standin.containers = [listed(WEB, "web")]
    standin.images = [
        {"Id": "sha256:" + "1" * 64, "RepoTags": ["redis:7", "redis:latest"], "Size": 1, "Created": 1},
        {"Id": "sha256:" + "2" * 64, "RepoTags": None, "Size": 1, "Created": 1},
    ]
    standin.volumes = [volume("data")]
    standin.networks = [network("3" * 64, "bridge")]


def found(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(PAGE).json()
    return answer


def test_finds_every_object(signed_in: Client) -> None:
    urls = {(entry["kind"], entry["name"]): entry["url"] for entry in found(signed_in)["entries"]}
    assert urls[("container", "web")] == f"/hosts/local/containers/{WEB}/"
    assert urls[("image", "redis:latest")] == urls[("image", "redis:7")] == f"/hosts/local/images/{'1' * 64}/"
    assert urls[("image", "2" * 12)] == f"/hosts/local/images/{'2' * 64}/"
    assert urls[("volume", "data")] == "/hosts/local/volumes/named/data/"
    assert urls[("network", "bridge")] == f"/hosts/local/networks/named/{'3' * 64}/"


def test_every_page_that_it_names_is_there(signed_in: Client, standin: StandIn) -> None:
    standin.containers = []
    pages = [entry["url"] for entry in found(signed_in)["entries"] if entry["kind"] == "page"]
    assert len(pages) > 10
    assert {signed_in.get(page).status_code for page in pages} == {200}


def test_without_an_engine_there_are_pages_and_a_reason(signed_in: Client) -> None:
    Host.objects.filter(name="local").update(url="unix:///nowhere.sock")
    answer = found(signed_in)
    assert {entry["kind"] for entry in answer["entries"]} == {"page"}
    assert "Engine not reachable at unix:///nowhere.sock" in answer["missing"]
