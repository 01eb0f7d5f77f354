"""What a project's people reach: their own, by row or by label, in lists and by ID alike. No engine is needed."""

from typing import Any

import pytest
from django.test import Client

from dashboard.access.models import Owned, Project, Team
from dashboard.access.objects import Kind
from dashboard.access.ownership import LABEL
from dashboard.access.permissions import Role
from dashboard.hosts.models import Host
from tests.dashboard.people import browser_of, grant, person
from tests.dashboard.standin import StandIn, inspected, listed, network, volume

MINE, THEIRS, CLAIMED, POSED = "a" * 64, "b" * 64, "c" * 64, "d" * 64
PLAIN, POSING = "sha256:" + "1" * 64, "sha256:" + "2" * 64


@pytest.fixture
def shop(local: Host) -> Project:
    project = Project.objects.create(slug="shop")
    project.hosts.add(local)
    return project


@pytest.fixture(autouse=True)
def objects(local: Host, shop: Project, standin: StandIn) -> None:
    """`mine` belongs to shop by a row, `claimed` by its label; `posed` has the label from its image; `theirs` none."""
    label = {LABEL: "shop"}
    standin.containers = [
        listed(MINE, "mine", ImageID=PLAIN),
        listed(THEIRS, "theirs", ImageID=PLAIN),
        listed(CLAIMED, "claimed", ImageID=PLAIN, Labels=label),
        listed(POSED, "posed", ImageID=POSING, Labels=label),
    ]
    for entry in standin.containers:
        name = entry["Names"][0].removeprefix("/")
        shown = inspected(entry["Id"], name)
        standin.details |= {entry["Id"]: shown, name: shown}
    standin.images = [_image(PLAIN, "plain:1", {}), _image(POSING, "posing:1", label)]
    standin.volumes = [volume("ours", Labels=label), volume("others")]
    standin.networks = [network("5" * 64, "inner", Labels=label), network("6" * 64, "outer")]
    Owned.objects.create(project=shop, host=local, kind=Kind.CONTAINER, object_id=MINE)


@pytest.fixture
def member(shop: Project) -> Client:
    return browser_of(person("ada", Role.MAINTAINER, project=shop))


def _image(image_id: str, tag: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"Id": image_id, "RepoTags": [tag], "Size": 1, "Created": 1_780_000_000, "Labels": labels}


def _text(browser: Client, page: str) -> str:
    answer = browser.get(page)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


@pytest.mark.parametrize("part", ["", "rows/"])
def test_lists_show_what_the_project_owns(member: Client, part: str) -> None:
    shown = _text(member, f"/hosts/local/containers/{part}")
    assert "mine" in shown
    assert "claimed" in shown
    assert "theirs" not in shown
    assert "posed" not in shown
    assert "others" not in _text(member, f"/hosts/local/volumes/{part}")
    assert "ours" in _text(member, f"/hosts/local/volumes/{part}")
    assert "outer" not in _text(member, f"/hosts/local/networks/{part}")
    assert "inner" in _text(member, f"/hosts/local/networks/{part}")


@pytest.mark.parametrize("reference", ["mine", MINE, "claimed"])
def test_its_own_is_reached_by_name_and_by_id(member: Client, standin: StandIn, reference: str) -> None:
    assert member.get(f"/hosts/local/containers/{reference}/").status_code == 200
    assert member.post(f"/hosts/local/containers/{reference}/do/stop/").status_code == 302
    # By the full ID, whatever was asked for: a name may have changed hands.
    (asked,) = standin.asked
    assert asked in {f"POST /containers/{one}/stop" for one in (MINE, CLAIMED)}


@pytest.mark.parametrize("tab", ["", "logs/", "terminal/", "inspect/", "row/", "head/", "overview/"])
@pytest.mark.parametrize("reference", ["theirs", THEIRS, "posed", POSED])
def test_what_others_own_is_not_there(member: Client, reference: str, tab: str) -> None:
    assert member.get(f"/hosts/local/containers/{reference}/{tab}").status_code == 404


def test_its_own_volumes_and_networks_are(member: Client) -> None:
    for page in ("volumes/named/ours/", "networks/named/inner/"):
        assert member.get(f"/hosts/local/{page}").status_code == 200


@pytest.mark.parametrize("page", ["volumes/named/others/", "networks/named/outer/", "networks/named/" + "6" * 64 + "/"])
def test_neither_are_their_volumes_and_networks(member: Client, page: str) -> None:
    assert member.get(f"/hosts/local/{page}").status_code == 404


def test_a_bulk_action_on_one_of_others_does_nothing_to_any(member: Client, standin: StandIn) -> None:
    answer = member.post("/hosts/local/containers/all/do/stop/", {"name": [MINE, THEIRS]})
    assert answer.status_code == 404
    assert standin.asked == []


def test_a_viewer_of_the_project_may_look_and_not_touch(shop: Project, standin: StandIn) -> None:
    viewer = browser_of(person("eve", Role.VIEWER, project=shop))
    assert viewer.get("/hosts/local/containers/mine/").status_code == 200
    assert viewer.get("/hosts/local/containers/mine/terminal/").status_code == 403
    assert viewer.post("/hosts/local/containers/mine/do/stop/").status_code == 403
    assert viewer.post("/hosts/local/volumes/named/ours/remove/").status_code == 403
    assert standin.asked == []


def test_a_team_gives_its_members_what_it_was_granted(shop: Project) -> None:
    team = Team.objects.create(name="Shopkeepers")
    grant(team, Role.VIEWER, project=shop)
    newcomer = person("newcomer")
    assert browser_of(newcomer).get("/hosts/local/containers/mine/").status_code == 404
    team.members.add(newcomer)
    assert browser_of(newcomer).get("/hosts/local/containers/mine/").status_code == 200


def test_a_project_reaches_no_host_that_it_is_not_on(shop: Project, member: Client, local: Host) -> None:
    shop.hosts.remove(local)
    assert member.get("/hosts/local/containers/").status_code == 404
    assert member.get("/hosts/local/containers/mine/").status_code == 404


def test_what_is_made_belongs_to_the_project(member: Client, standin: StandIn) -> None:
    made = member.post("/hosts/local/volumes/create/", {"name": "fresh", "driver": "local", "labels": "tier=one"})
    assert made.status_code == 302
    assert standin.bodies[-1]["Labels"] == {"tier": "one", LABEL: "shop"}


def test_nothing_is_made_for_another_project(member: Client, standin: StandIn) -> None:
    given = {"name": "fresh", "driver": "local", "labels": f"{LABEL}=bank"}
    assert member.post("/hosts/local/volumes/create/", given).status_code == 403
    assert standin.bodies == []


def test_who_has_two_projects_says_for_which(shop: Project, local: Host, standin: StandIn) -> None:
    bank = Project.objects.create(slug="bank")
    bank.hosts.add(local)
    ada = person("ada", Role.OPERATOR, project=shop)
    grant(ada, Role.OPERATOR, project=bank)
    browser = browser_of(ada)
    given = {"name": "fresh", "driver": "local"}
    refused = browser.post("/hosts/local/volumes/create/", given)
    assert refused.status_code == 403
    assert "bank, shop" in refused.content.decode()
    assert browser.post("/hosts/local/volumes/create/", given | {"labels": f"{LABEL}=bank"}).status_code == 302
    assert standin.bodies[-1]["Labels"] == {LABEL: "bank"}


def test_the_day_begins_where_there_is_something_to_see(member: Client, db: None) -> None:
    assert member.get("/")["Location"] == "/hosts/local/containers/"
    assert "Nothing to see yet" in _text(browser_of(person("stranger")), "/")
