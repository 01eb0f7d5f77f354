"""One installation, as `make up` starts it, and one browser for all tests here."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.chromium import chromium, note_complaints
from tests.e2e.pages import Console
from tests.support import session
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    built = session.CHECKOUT / "dist/base.entry.js"
    assert built.exists(), f"{built} is missing: run `npm run build`"
    stack = Stack()
    stack.start()
    yield stack
    stack.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # No longer than a module: while Playwright is open, its event loop runs in this thread, and no other one can.
    with chromium() as started:
        yield started


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser complained about. What is left at the end fails the test; one that meant it clears it."""
    found: list[str] = []
    yield found
    assert not found


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """An empty page."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    note_complaints(page, complaints)
    yield page
    context.close()


@pytest.fixture
def console(stack: Stack, page: Page) -> Console:
    """The administrator's console, signed in."""
    console = Console(page, stack.url)
    page.goto(stack.url)
    console.shoot("sign-in")
    console.sign_in("admin", stack.password)
    page.wait_for_url(re.compile("/hosts/local/$"))
    return console
