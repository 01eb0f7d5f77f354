"""Every page × every role and a stranger: what is not declared is refused, and what is declared holds."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from dashboard.access.need import need_of
from dashboard.access.permissions import Permission, Role
from dashboard.hosts.models import Host
from dashboard.routing import websocket_urlpatterns
from tests.dashboard.people import browser_of, person
from tests.dashboard.test_access import SAMPLES, filled


def _views(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield "/" + prefix + str(pattern.pattern), pattern.callback


def _is_for_strangers(view: Callable[..., Any]) -> bool:
    return not getattr(view, "login_required", True)


VIEWS = [(route, view) for route, view in _views(get_resolver().url_patterns) if not _is_for_strangers(view)]
DECLARED = [
    (route, filled(route), need)
    for route, view in VIEWS
    if (need := need_of(view)) is not None and need.permission is not None
]
#: The addresses that lead to a host, whose needs depend on roles there; and those of the console itself.
ON_HOSTS = sorted({page for route, page, _need in DECLARED if "host>" in route})
OF_THE_CONSOLE = sorted({page for route, page, _need in DECLARED if "host>" not in route})


@pytest.mark.parametrize(("route", "view"), VIEWS, ids=[route for route, _ in VIEWS])
def test_each_view_declares_what_it_needs(route: str, view: Callable[..., Any]) -> None:
    assert need_of(view) is not None, f"{route} is refused to everybody: declare its permission with needs()"


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_has_no_role_learns_of_no_host(local: Host, method: str) -> None:
    browser = browser_of(person("stranger"))
    for page in ON_HOSTS:
        assert getattr(browser, method)(page).status_code == 404, page


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_what_it_permits_and_nothing_else(local: Host, role: Role) -> None:
    browser = browser_of(person("member", role, host=local))
    for page, need in ((page, need) for _route, page, need in DECLARED if page in ON_HOSTS):
        permission = need.permission_for(SAMPLES | _parts(page))
        is_permitted = permission in role.permissions
        answers = {method: getattr(browser, method)(page).status_code for method in ("get", "post")}
        assert (403 in answers.values()) is not is_permitted, (page, permission, answers)


@pytest.mark.parametrize("role", list(Role))
def test_the_console_s_own_pages_need_a_role_everywhere(local: Host, role: Role) -> None:
    here = browser_of(person("here", role, host=local))
    everywhere = browser_of(person("everywhere", role))
    for page in OF_THE_CONSOLE:
        assert here.get(page).status_code == 403, page
        assert (everywhere.get(page).status_code == 403) is (role is not Role.ADMINISTRATOR), page


def _parts(page: str) -> dict[str, str]:
    """The parts that a permission depends on, as they are filled into the addresses."""
    return {"tab": "local", "action": "local"}


def test_a_stranger_to_the_host_of_a_role_finds_nothing(local: Host) -> None:
    elsewhere = Host.objects.create(name="elsewhere", url="unix:///nowhere.sock")
    browser = browser_of(person("member", Role.ADMINISTRATOR, host=elsewhere))
    for page in ON_HOSTS:
        assert browser.get(page).status_code == 404, page


def test_each_permission_is_asked_for_somewhere() -> None:
    asked = {need.permission_for(SAMPLES | _parts(page)) for _route, page, need in DECLARED}
    assert {Permission.SEE, Permission.RUN, Permission.DELETE, Permission.EXEC} <= asked


@pytest.mark.parametrize("pattern", websocket_urlpatterns, ids=str)
def test_each_socket_declares_what_it_needs(pattern: Any) -> None:
    consumer = getattr(pattern.callback, "consumer_class", pattern.callback)
    assert consumer.need is not None
