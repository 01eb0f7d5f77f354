"""The pages of people, teams, projects and roles, as an administrator uses them."""

import re

import pytest
from django.test import Client

from dashboard.access.models import Grant, Project, Team
from dashboard.access.permissions import Role
from dashboard.accounts.models import User
from dashboard.audit.models import Entry
from dashboard.hosts.models import Host
from tests.dashboard.people import browser_of, confirmed, grant, person

PAGE = "/settings/people/"


@pytest.fixture
def signed_in(signed_in: Client) -> Client:
    return confirmed(signed_in)


def text(browser: Client) -> str:
    answer = browser.get(PAGE)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_new_person_gets_a_password_once_and_no_rights(signed_in: Client, local: Host) -> None:
    assert signed_in.post(PAGE + "add/", {"username": "ada"}).status_code == 302
    password = re.search(r"ada may sign in with the password (\S+?)<", text(signed_in))
    assert password is not None
    assert "with the password" not in text(signed_in)
    browser = Client()
    assert browser.login(username="ada", password=password[1])
    assert "Nothing to see yet" in browser.get("/").content.decode()
    assert password[1] not in str(list(Entry.objects.values()))


def test_a_name_that_is_taken_is_refused(signed_in: Client) -> None:
    answer = signed_in.post(PAGE + "add/", {"username": "owner"})
    assert answer.status_code == 422
    assert "already exists" in answer.content.decode()


def test_an_account_is_closed_and_opened(signed_in: Client, local: Host) -> None:
    ada = person("ada", Role.VIEWER)
    browser = browser_of(ada)
    assert browser.get("/hosts/local/volumes/").status_code == 200
    signed_in.post(f"{PAGE}{ada.pk}/switch/")
    assert browser.get("/hosts/local/volumes/").status_code == 302
    signed_in.post(f"{PAGE}{ada.pk}/switch/")
    assert browser.get("/hosts/local/volumes/").status_code == 200


def test_nobody_closes_their_own_account(signed_in: Client, owner: User) -> None:
    signed_in.post(f"{PAGE}{owner.pk}/switch/")
    assert "close your own account" in text(signed_in)


def test_a_role_is_given_once_and_taken_away(signed_in: Client, local: Host) -> None:
    ada = person("ada")
    given = {"whom": f"user:{ada.pk}", "role": "operator", "place": f"host:{local.pk}"}
    for _ in range(2):
        assert signed_in.post(PAGE + "grants/add/", given).status_code == 302
    only = Grant.objects.get()
    assert (only.user, only.role, only.host, only.project) == (ada, "operator", local, None)
    browser = browser_of(ada)
    assert browser.get("/hosts/local/volumes/").status_code == 200
    signed_in.post(f"{PAGE}grants/{only.pk}/remove/")
    assert browser.get("/hosts/local/volumes/").status_code == 404


@pytest.mark.parametrize("given", [{"whom": "user:999"}, {"role": "king"}, {"place": "host:999"}, {"place": "nowhere"}])
def test_a_role_that_is_nonsense_is_refused(signed_in: Client, local: Host, given: dict[str, str]) -> None:
    ada = person("ada")
    fine = {"whom": f"user:{ada.pk}", "role": "viewer", "place": "everywhere"}
    assert signed_in.post(PAGE + "grants/add/", fine | given).status_code == 422
    assert not Grant.objects.exists()


def test_a_team_with_members_gets_a_role(signed_in: Client, local: Host) -> None:
    ada = person("ada")
    signed_in.post(PAGE + "teams/add/", {"name": "Ops", "members": [ada.pk]})
    team = Team.objects.get()
    signed_in.post(PAGE + "grants/add/", {"whom": f"team:{team.pk}", "role": "viewer", "place": "everywhere"})
    assert browser_of(ada).get("/hosts/local/volumes/").status_code == 200
    signed_in.post(f"{PAGE}teams/{team.pk}/", {"name": "Ops", "members": []})
    assert browser_of(ada).get("/hosts/local/volumes/").status_code == 404


def test_a_project_keeps_its_name_and_its_policy(signed_in: Client, local: Host) -> None:
    given = {"slug": "shop", "hosts": [local.pk], "bind_paths": "/srv/shop\n/srv/more", "memory": str(2**30)}
    assert signed_in.post(PAGE + "projects/add/", given).status_code == 302
    shop = Project.objects.get()
    assert (shop.policy["bind_paths"], shop.policy["memory"]) == (["/srv/shop", "/srv/more"], 2**30)
    page = f"{PAGE}projects/{shop.pk}/"
    assert "/srv/shop\n/srv/more" in signed_in.get(page).content.decode()
    assert signed_in.post(page, given | {"slug": "bank", "bind_paths": ""}).status_code == 302
    shop.refresh_from_db()
    assert (shop.slug, shop.policy["bind_paths"]) == ("shop", [])


def test_a_relative_path_is_refused(signed_in: Client) -> None:
    answer = signed_in.post(PAGE + "projects/add/", {"slug": "shop", "bind_paths": "srv"})
    assert answer.status_code == 422
    assert "Not an absolute path: srv" in answer.content.decode()


def test_what_was_changed_is_in_the_audit(signed_in: Client, local: Host) -> None:
    ada = person("ada")
    signed_in.post(PAGE + "grants/add/", {"whom": f"user:{ada.pk}", "role": "viewer", "place": "everywhere"})
    entry = Entry.objects.get(action="access:add_grant")
    assert (entry.actor, entry.detail["grant"]) == ("owner", "viewer for ada everywhere")


def test_the_sidebar_offers_what_is_permitted(signed_in: Client, local: Host) -> None:
    assert PAGE in signed_in.get("/hosts/local/volumes/").content.decode()
    project = Project.objects.create(slug="shop")
    project.hosts.add(local)
    ada = person("ada")
    grant(ada, Role.OPERATOR, project=project)
    shown = browser_of(ada).get("/hosts/local/volumes/").content.decode()
    assert PAGE not in shown
    assert "/hosts/local/events/" not in shown
