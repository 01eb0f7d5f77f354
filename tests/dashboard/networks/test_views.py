"""Pages of networks, with a stand-in for the engine."""

from typing import Any

import pytest
from django.test import Client

from dashboard.hosts.models import Host
from tests.dashboard.standin import StandIn, listed, network

LIST = "/hosts/local/networks/"
BACK = "1" * 64
PAGE = f"{LIST}named/{BACK}/"
HTMX = {"HX-Request": "true"}
WEB, OLD = "a" * 64, "b" * 64
IN_BACK: dict[str, Any] = {"Networks": {"back": {}}}


@pytest.fixture(autouse=True)
def networks(local: Host, standin: StandIn) -> None:
    member = {"Name": "web", "IPv4Address": "10.5.0.2/16", "MacAddress": "02:42:0a:05:00:02"}
    standin.networks = [
        network("2" * 64, "bridge"),
        network(BACK, "back", Internal=True, Containers={WEB: member}),
    ]
    standin.containers = [
        listed(WEB, "web", NetworkSettings=IN_BACK),
        listed(OLD, "old", state="exited", NetworkSettings=IN_BACK),
    ]


def text(client: Client, page: str) -> str:
    response = client.get(page)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_who_is_in_what(signed_in: Client) -> None:
    page = text(signed_in, LIST)
    assert "10.5.0.0/16" in page
    assert page.count("internal</span>") == 1
    assert page.count(">web</a>") == page.count(">old</a>") == 1


def test_what_comes_with_the_engine_can_not_be_removed(signed_in: Client) -> None:
    page = text(signed_in, LIST + "rows/")
    assert f"named/{BACK}/remove/" in page
    assert f"named/{'2' * 64}/remove/" not in page


def test_one_network_has_a_page_with_addresses(signed_in: Client) -> None:
    page = text(signed_in, PAGE)
    assert "10.5.0.2/16" in page
    assert "10.5.0.1" in page
    assert "state-exited" in page  # old, which has no address now


def test_a_page_tells_that_its_network_is_gone(signed_in: Client, standin: StandIn) -> None:
    standin.networks = []
    assert "This network has been removed" in text(signed_in, PAGE + "facts/")
    assert signed_in.get(PAGE).status_code == 404


def test_create(signed_in: Client, standin: StandIn) -> None:
    given = {
        "name": "front",
        "driver": "bridge",
        "subnet": "10.7.0.0/24",
        "gateway": "10.7.0.1",
        "internal": "on",
        "labels": "a=b",
    }
    assert signed_in.post(LIST + "create/", given)["Location"] == f"{LIST}named/{'9' * 64}/"
    assert standin.bodies == [
        {
            "Name": "front",
            "Driver": "bridge",
            "Internal": True,
            "CheckDuplicate": True,
            "IPAM": {"Driver": "default", "Config": [{"Subnet": "10.7.0.0/24", "Gateway": "10.7.0.1"}]},
            "Labels": {"a": "b"},
        }
    ]


def test_the_engine_chooses_a_subnet(signed_in: Client, standin: StandIn) -> None:
    signed_in.post(LIST + "create/", {"name": "front", "driver": "bridge"})
    assert standin.bodies[0]["IPAM"]["Config"] == []


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "a/b"},
        {"subnet": "10.5.0.1/16"},
        {"subnet": "ten"},
        {"gateway": "10.5.0.1"},
        {"subnet": "10.5.0.0/16", "gateway": "10.5.0.0/16"},
    ],
)
def test_what_makes_no_network_is_told(signed_in: Client, standin: StandIn, given: dict[str, str]) -> None:
    response = signed_in.post(LIST + "create/", {"name": "front", "driver": "bridge"} | given)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert standin.asked == []


def test_the_engines_refusal_stands_in_the_form(signed_in: Client, standin: StandIn) -> None:
    standin.refusals["front"] = (501, "creating a network is not supported yet")
    response = signed_in.post(LIST + "create/", {"name": "front", "driver": "bridge"})
    assert response.status_code == 422
    assert "creating a network is not supported yet" in response.content.decode()


def test_remove(signed_in: Client, standin: StandIn) -> None:
    assert signed_in.post(PAGE + "remove/", headers=HTMX).status_code == 204
    assert signed_in.post(PAGE + "remove/")["Location"] == LIST
    assert standin.asked == [f"DELETE /networks/{BACK}"] * 2


def test_a_network_in_use_stays(signed_in: Client, standin: StandIn) -> None:
    standin.refusals[BACK] = (403, "error while removing network: network back has active endpoints")
    response = signed_in.post(PAGE + "remove/", headers=HTMX)
    assert (response.status_code, "active endpoints" in response.content.decode()) == (403, True)
