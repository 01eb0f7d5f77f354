"""Second factors, sessions and sudo mode, as far as they need no key in a browser."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client

from dashboard.access.models import Team
from dashboard.accounts.models import User
from dashboard.audit.models import Entry
from tests.dashboard.people import confirmed

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_superuser("ada", password=PASSWORD)


def sign_in(browser: Client) -> str:
    """Where the password leads to."""
    return str(browser.post("/accounts/login/", {"login": "ada", "password": PASSWORD})["Location"])


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def test_the_password_alone_is_not_enough_where_there_is_an_app(ada: User, client: Client) -> None:
    secret = generate_totp_secret()
    TOTP.activate(ada, secret)
    assert sign_in(client) == "/accounts/factors/authenticate/"
    assert client.get("/hosts/local/volumes/")["Location"].startswith("/accounts/login/")
    page = client.get("/accounts/factors/authenticate/").content.decode()
    assert "enter an authenticator code" in page
    refused = client.post("/accounts/factors/authenticate/", {"code": "000000"})
    assert "Incorrect code" in refused.content.decode()
    assert client.post("/accounts/factors/authenticate/", {"code": code_of(secret)})["Location"] == "/"
    assert client.get("/").status_code == 302
    assert ("sign-in", "allowed") in Entry.objects.values_list("action", "outcome")


def test_a_code_on_paper_works_once(ada: User, client: Client) -> None:
    TOTP.activate(ada, generate_totp_secret())
    (code, *_others) = RecoveryCodes.activate(ada).generate_codes()
    sign_in(client)
    assert client.post("/accounts/factors/authenticate/", {"code": code})["Location"] == "/"
    again = Client()
    sign_in(again)
    assert again.post("/accounts/factors/authenticate/", {"code": code}).status_code == 200


def test_an_app_is_set_up_by_its_picture_or_its_secret(ada: User, client: Client) -> None:
    sign_in(client)
    confirmed(client)
    page = client.get("/accounts/factors/totp/activate/").content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', page)
    assert secret is not None
    assert "data:image/svg+xml" in page
    assert client.post("/accounts/factors/totp/activate/", {"code": code_of(secret[1])}).status_code == 302
    assert Authenticator.objects.filter(user=ada, type=Authenticator.Type.TOTP).exists()


@pytest.mark.parametrize(
    "page", ["factors/", "factors/webauthn/", "factors/webauthn/add/", "sessions/", "reauthenticate/"]
)
def test_pages_of_an_account_are_like_the_others(ada: User, client: Client, page: str) -> None:
    sign_in(client)
    confirmed(client)
    answer = client.get(f"/accounts/{page}")
    assert answer.status_code == 200
    assert "dist/base.css" in answer.content.decode()


def test_other_sessions_are_listed_and_ended(ada: User, client: Client) -> None:
    other = Client(headers={"user-agent": "A browser elsewhere"})
    sign_in(other)
    assert other.get("/").status_code == 302
    sign_in(client)
    assert "A browser elsewhere" in client.get("/accounts/sessions/").content.decode()
    client.post("/accounts/sessions/")
    assert other.get("/hosts/local/volumes/")["Location"].startswith("/accounts/login/")
    assert client.get("/accounts/sessions/").status_code == 200


def test_giving_power_to_others_asks_for_the_password_again(ada: User, client: Client) -> None:
    sign_in(client)
    asked = client.get("/settings/people/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert client.post("/settings/people/teams/add/", {"name": "Ops"})["Location"] == "/settings/people/"
    assert not Team.objects.exists()
    assert client.post(asked["Location"], {"password": "wrong"}).status_code == 200
    assert client.get("/settings/people/").status_code == 302
    assert client.post(asked["Location"], {"password": PASSWORD})["Location"] == "/settings/people/"
    assert client.get("/settings/people/").status_code == 200
    client.post("/settings/people/teams/add/", {"name": "Ops"})
    assert Team.objects.exists()
