"""Default deny: every page and every socket, walked as a stranger."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from dashboard.routing import websocket_urlpatterns
from tests.dashboard.socket import Socket

# A webhook asks each call for a proof of its own (tests/dashboard/schedules).
# Signing out says nothing to one who is not signed in, and sends them to sign in. A probe signs in nowhere. Where there
# is no operation below /api/, strangers are told so; the operations themselves are walked in tests/dashboard/api.
OPEN_TO_STRANGERS = {
    "/accounts/login/",
    "/accounts/logout/",
    "/accounts/factors/authenticate/",
    "/accounts/factors/webauthn/login/",
    "/healthz",
    "/hooks/12345678-1234-5678-1234-567812345678/",
    "/api/",
}
OPERATIONS = "api/v1/"
SAMPLES = {
    "slug": "local",
    "container": "abc",
    "name": "abc",
    "host": "local",
    "uuid": "12345678-1234-5678-1234-567812345678",
    "terminal": "0123456789abcdef0123456789abcdef",
    "int": "1",
    "str": "abc",
    "path": "abc",
}


def _paths(patterns: list[Any], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver) and prefix + str(pattern.pattern) != OPERATIONS:
            yield from _paths(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield "/" + filled(prefix + str(pattern.pattern))


def filled(route: str) -> str:
    """`route` with a value for each part that varies; a kind that SAMPLES lacks is a KeyError: none is skipped."""
    route = re.sub(r"\(\?P<(\w+)>[^()]*\)", lambda match: SAMPLES[match[1]], route).replace("^", "").replace("$", "")
    return re.sub(r"<(?:(\w+):)?\w+>", lambda match: SAMPLES[match[1] or "str"], route)


PAGES = sorted(set(_paths(get_resolver().url_patterns)))
SOCKETS = sorted(set(_paths(websocket_urlpatterns)))


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", [page for page in PAGES if page not in OPEN_TO_STRANGERS])
def test_a_stranger_is_sent_to_sign_in(db: None, client: Client, page: str, method: str) -> None:
    response = getattr(client, method)(page)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=/")


@pytest.mark.parametrize("page", [page for page in PAGES if page not in OPEN_TO_STRANGERS])
def test_a_form_of_another_site_is_refused(signed_in: Client, page: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in.cookies
    assert browser.post(page).status_code in {403, 405}


@pytest.mark.parametrize("address", SOCKETS)
async def test_a_stranger_hears_at_most_why_not(transactional_db: None, address: str) -> None:
    async with Socket(address) as socket:
        assert len(await socket.events_until_closed()) <= 1


@pytest.mark.parametrize("address", SOCKETS)
async def test_a_page_of_another_site_gets_no_socket(cookie: bytes, address: str) -> None:
    async with Socket(address, cookie, origin=b"http://evil.example") as socket:
        assert not socket.was_accepted


def test_there_are_pages_and_sockets_to_walk() -> None:
    assert "/hosts/local/containers/abc/do/local/" in PAGES
    assert "/ws/hosts/local/containers/abc/logs/" in SOCKETS


def test_pages_allow_no_script_and_no_style_of_others(db: None, client: Client) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("template", sorted(Path(settings.BASE_DIR, "templates").rglob("*.html")), ids=lambda p: p.name)
def test_templates_have_no_inline_script_or_style(template: Path) -> None:
    text = template.read_text()
    assert not re.search(
        r"<script(?![^>]*\b(?:src=|type=\"application/json\"))|<style|\sstyle=|\son\w+=|javascript:", text
    )
    assert not re.search(r"(src|href)=[\"'](https?:)?//", text)


def test_a_name_that_is_not_ours_is_refused(db: None, client: Client) -> None:
    assert client.get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400
