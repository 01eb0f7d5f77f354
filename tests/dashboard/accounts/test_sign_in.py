from typing import Final

import pytest
from django.conf import settings
from django.contrib.auth.hashers import identify_hasher
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from dashboard.accounts.models import User

PASSWORD: Final = "correct horse battery"
LOGIN: Final = "/accounts/login/"


def sign_in(client: Client, password: str, **more: str) -> int:
    return client.post(LOGIN, {"login": "owner", "password": password, **more}).status_code


def test_the_right_password_opens_the_containers(owner: User, client: Client) -> None:
    response = client.post(LOGIN, {"login": "owner", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/")
    cookie = response.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_the_page_that_was_asked_for_comes_after_signing_in(owner: User, client: Client) -> None:
    response = client.post(LOGIN, {"login": "owner", "password": PASSWORD, "next": "/jobs/"})
    assert response["Location"] == "/jobs/"


def test_no_page_of_another_site_comes_after_signing_in(owner: User, client: Client) -> None:
    response = client.post(LOGIN, {"login": "owner", "password": PASSWORD, "next": "//evil.example/"})
    assert response["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_look_the_same(owner: User, client: Client) -> None:
    wrong = client.post(LOGIN, {"login": "owner", "password": "wrong"})
    unknown = client.post(LOGIN, {"login": "nobody", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].errors == unknown.context["form"].errors != {}


def test_after_five_failures_the_right_password_waits_too(owner: User, client: Client) -> None:
    for _ in range(5):
        assert sign_in(client, "wrong") == 200
    assert sign_in(client, PASSWORD) == 200
    assert "_auth_user_id" not in client.session


def test_an_account_that_was_closed_stays_out(owner: User, client: Client) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    sign_in(client, PASSWORD)
    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session(signed_in: Client) -> None:
    response = signed_in.post("/accounts/logout/")
    assert response["Location"] == LOGIN
    assert signed_in.get("/jobs/").status_code == 302


def test_a_link_alone_does_not_sign_out(signed_in: Client) -> None:
    signed_in.get("/accounts/logout/")
    assert signed_in.get("/jobs/").status_code == 200


def test_nobody_signs_up(client: Client) -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_changing_the_password_ends_other_sessions(owner: User, signed_in: Client) -> None:
    other = Client()
    other.force_login(owner)
    new = {"oldpassword": PASSWORD, "password1": "staple staple staple", "password2": "staple staple staple"}
    assert signed_in.post("/accounts/password/change/", new).status_code == 302
    assert signed_in.get("/jobs/").status_code == 200
    assert other.get("/jobs/").status_code == 302


class TestEnsureAdmin:
    def test_makes_one_with_the_given_password(
        self, db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("PORTSIDE_ADMIN_PASSWORD", "given by me")
        call_command("ensure_admin")
        admin = User.objects.get(username="admin")
        assert admin.check_password("given by me")
        assert admin.is_superuser
        assert identify_hasher(admin.password).algorithm == "argon2"
        assert "given by me" not in capsys.readouterr().out

    def test_prints_a_password_of_its_own_once(
        self, db: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("PORTSIDE_ADMIN_PASSWORD", raising=False)
        call_command("ensure_admin")
        printed = capsys.readouterr().out.split()[-1]
        assert User.objects.get(username="admin").check_password(printed)
        call_command("ensure_admin")
        assert capsys.readouterr().out == ""
        assert User.objects.get(username="admin").check_password(printed)
