"""Which requests leave an entry, and what it says."""

from typing import Any

import pytest
from django.test import Client

from dashboard.access.permissions import Role
from dashboard.accounts.models import User
from dashboard.api.tokens import actions as tokens
from dashboard.audit.chain import Act, append, verify
from dashboard.audit.models import Entry
from dashboard.hosts.models import Host
from tests.dashboard.people import browser_of, person
from tests.dashboard.standin import StandIn, listed

CONTAINER = "a" * 64


@pytest.fixture(autouse=True)
def running(local: Host, standin: StandIn) -> None:
    standin.containers = [listed(CONTAINER, "web")]


def entries() -> list[dict[str, Any]]:
    """Oldest first, without those of signing in."""
    found = Entry.objects.exclude(action__startswith="sign-").order_by("number")
    fields = ("actor", "action", "host", "target", "outcome", "detail", "address", "way")
    return [dict(entry) for entry in found.values(*fields)]


def test_a_change_is_written_down(signed_in: Client) -> None:
    signed_in.post("/hosts/local/containers/web/do/stop/", REMOTE_ADDR="192.0.2.7")
    assert entries() == [
        {
            "actor": "owner",
            "address": "192.0.2.7",
            "way": "page",
            "action": "containers:act",
            "host": "local",
            "target": "container web",
            "outcome": "allowed",
            "detail": {"action": "stop", "status": 302},
        }
    ]
    assert verify()[0] >= 1


def test_a_look_is_not(signed_in: Client) -> None:
    signed_in.get("/hosts/local/containers/")
    assert entries() == []


def test_what_is_refused_is(local: Host) -> None:
    viewer = browser_of(person("eve", Role.VIEWER, host=local))
    viewer.post("/hosts/local/containers/web/do/stop/")
    viewer.get("/hosts/local/containers/web/terminal/")
    told = [(entry["actor"], entry["action"], entry["outcome"]) for entry in entries()]
    assert told == [("eve", "containers:act", "refused"), ("eve", "containers:tab", "refused")]


def test_what_the_engine_refuses_failed(signed_in: Client, standin: StandIn) -> None:
    standin.refusals["web"] = (409, "not now")
    signed_in.post("/hosts/local/containers/web/do/stop/")
    assert [(entry["outcome"], entry["detail"]["status"]) for entry in entries()] == [("failed", 409)]


def test_a_bulk_action_names_what_it_was_for(signed_in: Client) -> None:
    signed_in.post("/hosts/local/containers/all/do/stop/", {"name": ["web", "api"]})
    (entry,) = entries()
    assert entry["detail"]["names"] == ["web", "api"]


def test_no_form_is_written_down(signed_in: Client) -> None:
    signed_in.post("/hosts/local/volumes/create/", {"name": "v", "driver": "local", "options": "password=hunter22"})
    assert "hunter22" not in str(entries())


def test_signing_in_and_out(db: None, client: Client) -> None:
    user = person("ada")
    user.set_password("correct horse battery")
    user.save()
    client.post("/accounts/login/", {"login": "ada", "password": "wrong"})
    client.post("/accounts/login/", {"login": "ada", "password": "correct horse battery"})
    client.post("/accounts/logout/")
    told = list(Entry.objects.order_by("number").values_list("actor", "action", "outcome"))
    assert told == [("ada", "sign-in", "refused"), ("ada", "sign-in", "allowed"), ("ada", "sign-out", "allowed")]


class TestPages:
    def test_administrators_read_and_search(self, signed_in: Client) -> None:
        append(Act(action="containers:act", actor="ada", target="container web"))
        append(Act(action="volumes:remove", actor="bob", target="volume data"))
        shown = signed_in.get("/settings/audit/", {"actor": "bob"}).content.decode()
        assert "volume data" in shown
        assert "container web" not in shown

    def test_the_export_has_what_the_page_finds(self, signed_in: Client) -> None:
        append(Act(action="containers:act", actor="ada"))
        append(Act(action="volumes:remove", actor="bob"))
        answer = signed_in.get("/settings/audit/export/", {"text": "volumes"})
        (line,) = b"".join(answer.streaming_content).splitlines()  # type: ignore[attr-defined]
        assert b'"actor": "bob"' in line

    @pytest.mark.parametrize("page", ["/settings/audit/", "/settings/audit/export/"])
    def test_nobody_else_does(self, local: Host, page: str) -> None:
        assert browser_of(person("boss", Role.ADMINISTRATOR, host=local)).get(page).status_code == 403
        assert browser_of(person("chief", Role.ADMINISTRATOR)).get(page).status_code == 200


def test_a_job_is_written_down_with_what_it_is_about(signed_in: Client) -> None:
    signed_in.post("/hosts/local/images/pull/", {"image": "busybox:1"})
    job, page = entries()
    assert (job["action"], job["target"], job["host"], job["way"]) == ("job:pull", "busybox:1", "local", "user")
    assert (page["action"], page["outcome"]) == ("images:pull", "allowed")


def test_what_comes_by_a_token_is_the_token_s_user_s(owner: User, client: Client) -> None:
    _token, secret = tokens.create(owner, "ci", ["*"])
    order = {"kind": "pull", "host": "local", "parameters": {"reference": "busybox:1"}}
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post("/api/v1/jobs", order, content_type="application/json", headers=headers)
    assert answer.status_code == 202
    job, request = entries()
    assert (job["actor"], job["way"], job["detail"]["token"]) == ("owner", "token", "ci")
    assert (request["actor"], request["way"], request["outcome"]) == ("owner", "api", "allowed")
