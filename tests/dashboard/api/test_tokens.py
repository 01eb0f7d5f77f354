"""Tokens: shown once, kept as a hash, with scopes, an end and a last use."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dashboard.access.permissions import Permission, Role
from dashboard.api.models import Token
from dashboard.api.tokens import actions
from dashboard.api.tokens.secret import Secret
from tests.dashboard.people import person

pytestmark = pytest.mark.django_db


def test_the_command_prints_the_secret_alone_and_keeps_its_hash(owner) -> None:
    out, err = StringIO(), StringIO()
    call_command("create_token", "--user", "owner", "--name", "ci", "--scopes", "see, logs", stdout=out, stderr=err)
    secret = out.getvalue().strip()
    token = Token.objects.get()
    assert actions.find(secret) == token
    assert secret not in str(token.__dict__)
    assert token.permissions == {Permission.SEE, Permission.LOGS}
    assert (token.expires, token.prefix in secret, token.prefix in err.getvalue()) == (None, True, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--user", "nobody", "--scopes", "*"], "no user 'nobody'"),
        (["--user", "owner", "--scopes", "see,dance"], "No such scope: dance"),
        (["--user", "owner", "--scopes", ","], "without any scope"),
        (["--user", "owner", "--scopes", "*", "--days", "0"], "one day at least"),
    ],
)
def test_the_command_says_what_is_wrong(owner, options, told) -> None:
    with pytest.raises(CommandError, match=told):
        call_command("create_token", "--name", "ci", *options)
    assert not Token.objects.exists()


def test_a_token_opens_nothing_once_it_ended_or_was_revoked_or_its_user_left(script_of, owner) -> None:
    script = script_of(owner)
    me = script.get("/me").json()
    assert (me["user"], me["scopes"]) == ("owner", sorted(Permission))
    token = Token.objects.filter(prefix=me["token"]["prefix"])
    for change in (
        {"expires": timezone.now() - timedelta(seconds=1)},
        {"expires": None, "revoked": timezone.now()},
    ):
        token.update(**change)
        assert script.get("/me").status_code == 401
    token.update(revoked=None)
    assert script.get("/me").status_code == 200
    owner.is_active = False
    owner.save()
    assert script.get("/me").status_code == 401


def test_its_last_use_is_written_down_once_a_minute(script) -> None:
    script.get("/me")
    first = Token.objects.get().last_used
    assert first is not None
    script.get("/me")
    assert Token.objects.get().last_used == first
    long_ago = timezone.now() - timedelta(hours=1)
    Token.objects.update(last_used=long_ago)
    script.get("/me")
    assert Token.objects.filter(last_used__gt=long_ago).exists()


def test_a_token_does_no_more_than_its_user_may(script_of, local) -> None:
    viewer = script_of(person("viewer", Role.VIEWER))
    assert viewer.get("/containers").status_code == 200
    assert viewer.post("/networks", {"name": "mine"}).status_code == 403


def test_tokens_are_made_listed_and_revoked_by_the_api(script) -> None:
    made = script.post("/tokens", {"name": "nightly", "scopes": ["see"]})
    assert made.status_code == 201
    assert actions.find(made.json()["secret"]) is not None
    assert "secret" not in script.get("/tokens").content.decode()
    assert script.delete(f"/tokens/{made.json()['prefix']}").status_code == 204
    assert script.delete(f"/tokens/{made.json()['prefix']}").status_code == 404
    assert actions.find(made.json()["secret"]) is None


def test_a_token_makes_none_that_is_more_than_itself(script_of, owner) -> None:
    assert script_of(owner, "see").post("/tokens", {"name": "x", "scopes": ["see"]}).status_code == 403
    manager = script_of(owner, "manage", "see")
    assert manager.post("/tokens", {"name": "x", "scopes": ["exec"]}).status_code == 403
    assert manager.post("/tokens", {"name": "x", "scopes": ["see"]}).status_code == 201
    assert manager.post("/tokens", {"name": "x", "scopes": ["dance"]}).status_code in {403, 422}


@pytest.mark.parametrize(
    "text", ["", "portside_", "portside_abcdefghij_short", "Bearer", "portside_ABCDEFGHIJ_" + "x" * 43]
)
def test_what_is_no_token_is_found_nowhere(text) -> None:
    assert Secret.parse(text) is None
    assert actions.find(text) is None
