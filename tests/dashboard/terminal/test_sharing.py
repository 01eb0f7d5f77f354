"""A terminal and those whom its owner lets in: to watch, or to type; and whom nobody has let in."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as console
from django.test import AsyncClient, Client
from pytest_django.fixtures import Settings

from dashboard.access.models import Grant
from dashboard.access.permissions import Role
from dashboard.accounts.models import User
from dashboard.audit.models import Entry
from dashboard.terminal.access import make_ticket
from dashboard.terminal.models import Terminal
from dashboard.terminal.protocol import Close, Input, Reason
from tests.dashboard.terminal.browser import Browser
from tests.dashboard.terminal.conftest import Container
from tests.dashboard.terminal.test_consumer import processes, prompt

pytestmark = pytest.mark.root


@pytest.fixture
def bob(cookie: bytes) -> User:
    """An operator everywhere; `ada`, whose the terminals are, is there already."""
    user = User.objects.create_user("bob", password="correct horse battery")
    Grant.objects.create(user=user, role=Role.OPERATOR)
    return user


@pytest.fixture
def bobs(bob: User) -> bytes:
    return cookie_of(bob)


def cookie_of(user: User) -> bytes:
    client = Client()
    client.force_login(user)
    return f"{console.SESSION_COOKIE_NAME}={client.cookies[console.SESSION_COOKIE_NAME].value}".encode()


async def shared(browser: Browser, *, types: bool) -> dict[str, str]:
    assert browser.ready is not None
    row = await Terminal.objects.aget(pk=browser.ready.session)
    return {"session": row.pk, "ticket": make_ticket(row, types=types)}


async def test_nobody_comes_without_a_link(browser: Browser, container: Container, bobs: bytes) -> None:
    async with browser, Browser(container.path, bobs) as other:
        await prompt(browser)
        assert browser.ready is not None
        close = await (await other.open(session=browser.ready.session)).read_all()
        assert close == Close(Reason.FORBIDDEN, "This terminal is another user's")
        assert processes(container) != ["sleep 1000"]


async def test_a_guest_watches_and_may_not_type(browser: Browser, container: Container, bobs: bytes) -> None:
    async with browser, Browser(container.path, bobs) as guest:
        await prompt(browser)
        await guest.open(**await shared(browser, types=False))
        assert guest.ready is not None
        assert (guest.ready.types, guest.ready.owns) == (False, False)
        browser.write(b"echo lo''ok\n")
        await guest.read_until(b"look\r\n")
        while browser.state is None or len(browser.state.people) < 2:
            await browser.hear()
        assert [(person.name, person.types) for person in browser.state.people] == [("ada", True), ("bob", False)]
        guest.say(Input(guest.ready.input, b"rm -rf /\n"))
        assert (await guest.read_all()).reason is Reason.FORBIDDEN
        browser.write(b"echo un''harmed\n")
        await browser.read_until(b"unharmed\r\n")


async def test_a_guest_joins_and_types_and_does_not_end_it(browser: Browser, container: Container, bobs: bytes) -> None:
    async with browser:
        await prompt(browser)
        async with Browser(container.path, bobs) as guest:
            await guest.open(**await shared(browser, types=True))
            guest.write(b"echo from b''ob\n")
            await guest.read_until(b"from bob\r\n")
            await browser.read_until(b"from bob\r\n")
            guest.say(Close(Reason.HANG_UP))
        browser.write(b"echo st''ill\n")
        await browser.read_until(b"still\r\n")
    entry = await Entry.objects.filter(action="terminal.join").aget()
    assert (entry.actor, entry.host, entry.target, entry.detail["types"]) == ("bob", "here", "container term", True)


async def test_a_link_is_for_one_terminal_for_a_while_and_until_it_is_voided(
    browser: Browser, container: Container, bobs: bytes, cookie: bytes, settings: Settings
) -> None:
    async with browser, Browser(container.path, cookie) as another:
        await prompt(browser)
        await prompt(another)
        good = await shared(browser, types=False)
        wrong = {**good, "session": (await shared(another, types=False))["session"]}
        assert await refusal(container, bobs, wrong) == "This terminal is not shared by this link any more"
        forged = {**good, "ticket": good["ticket"][:-1] + ("A" if good["ticket"][-1] != "A" else "B")}
        assert await refusal(container, bobs, forged) == "This link is not valid"
        async with Browser(container.path, bobs) as guest:
            await guest.open(**good)
            async_client = AsyncClient()
            await async_client.aforce_login(await User.objects.aget(username="ada"))
            assert (await async_client.post(f"/terminals/{good['session']}/unshare/")).status_code == 200
            assert (await guest.read_all()).reason is Reason.FORBIDDEN
        assert await refusal(container, bobs, good) == "This terminal is not shared by this link any more"
        fresh = await shared(browser, types=False)
        settings.TERMINAL_LIMITS = console.TERMINAL_LIMITS.__class__(share=0)
        await asyncio.sleep(1.1)
        assert await refusal(container, bobs, fresh) == "This link has expired: ask for a new one"
        for each in (browser, another):
            each.say(Close(Reason.HANG_UP))


async def refusal(container: Container, cookie: bytes, fields: dict[str, str]) -> str:
    async with Browser(container.path, cookie) as browser:
        close = await (await browser.open(**fields)).read_all()
    assert close.reason is Reason.FORBIDDEN
    return close.text


async def test_who_loses_the_right_is_out_within_seconds(container: Container, bob: User, bobs: bytes) -> None:
    async with Browser(container.path, bobs) as browser:
        await prompt(browser)
        await sync_to_async(Grant.objects.filter(user=bob).update)(role=Role.VIEWER)
        async with asyncio.timeout(5):
            assert (await browser.read_all()).reason is Reason.FORBIDDEN
    assert processes(container) == ["sleep 1000"]


async def test_a_viewer_gets_no_terminal(container: Container, bob: User, bobs: bytes) -> None:
    await sync_to_async(Grant.objects.filter(user=bob).update)(role=Role.VIEWER)
    assert "exec" in await refusal(container, bobs, {})


async def test_the_audit_tells_what_a_terminal_was(browser: Browser, container: Container) -> None:
    async with browser:
        await prompt(browser)
        browser.write(b"exit 9\n")
        await browser.read_all()
    entries = {entry.action: entry async for entry in Entry.objects.filter(action__startswith="terminal.")}
    assert set(entries) == {"terminal.open", "terminal.end"}
    end = entries["terminal.end"]
    assert (end.actor, end.target) == ("ada", "container term")
    assert (end.detail["argv"], end.detail["exit_code"]) == (["sh"], 9)
    assert end.detail["output_bytes"] == browser.received
