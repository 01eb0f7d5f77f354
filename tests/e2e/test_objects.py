"""Volumes, networks, images and events in a browser; lists that are sorted, filtered and worked on in bulk."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import PATIENCE_MS, Console
from tests.support.stack import Stack

pytestmark = [pytest.mark.root, pytest.mark.browser, pytest.mark.timeout(300)]

NAMES = ["b-two", "a-one", "c-three"]


@pytest.fixture(autouse=True)
def some_containers(stack: Stack, busybox: str) -> Iterator[None]:
    """Three that run, with a volume; made in an order that no sorting gives."""
    for name in NAMES:
        stack.docker("run", "-d", "--network", "none", "-v", "kept:/k", "--name", name, busybox, "sleep", "1000")
    yield
    stack.docker("rm", "--force", *stack.docker("ps", "--all", "--quiet").split())
    stack.docker("volume", "rm", "--force", "kept", "made")


def test_a_day_at_the_console(console: Console, page: Page, stack: Stack, busybox: str) -> None:
    _overview(console)
    _sort_and_filter(console)
    _bulk(console)
    _volumes(console, stack)
    _image(console, busybox)
    _network(console)
    _events(console, stack)
    _palette(console)


def _overview(console: Console) -> None:
    page = console.page
    console.go("Overview")
    expect(page.locator("#glance")).to_contain_text("overlay2")
    expect(page.get_by_role("row").filter(has_text="c-three").first).to_be_visible()
    console.shoot("overview-host")
    page.get_by_role("link", name="3 running").click()
    expect(page.locator("[data-chips] [aria-pressed=true]")).to_have_text(re.compile("running 3"))


def _sort_and_filter(console: Console) -> None:
    page = console.page
    names = page.locator("#containers tr:visible .main a")
    expect(names).to_have_text(["c-three", "a-one", "b-two"])
    page.get_by_role("button", name="Name").click()
    expect(names).to_have_text(["a-one", "b-two", "c-three"])
    page.reload()
    expect(names).to_have_text(["a-one", "b-two", "c-three"])
    page.keyboard.press("/")
    page.keyboard.type("two")
    expect(names).to_have_text(["b-two"])
    page.get_by_label("Filter containers").fill("")


def _bulk(console: Console) -> None:
    page = console.page
    console.expect_live()
    page.get_by_label("Select a-one").check()
    page.get_by_label("Select c-three").check()
    console.shoot("bulk")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#bulk").get_by_role("button", name="Stop").click()
    expect(page.locator("#containers tr:visible .main a")).to_have_text(["b-two"], timeout=PATIENCE_MS)
    expect(page.locator("#bulk")).to_be_hidden()
    page.get_by_role("group", name="States").get_by_role("button", name="exited").click()
    expect(page.locator("#containers tr:visible .main a")).to_have_text(["a-one", "c-three"])


def _volumes(console: Console, stack: Stack) -> None:
    page = console.page
    console.go("Volumes")
    expect(console.row("kept")).to_contain_text("a-one")
    page.get_by_role("link", name="Create a volume").click()
    page.get_by_label("Name").fill("made")
    page.get_by_label("Labels").fill("team=web")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("made")
    expect(page.locator("#facts")).to_contain_text("web")
    console.go("Volumes")
    console.expect_live()
    page.get_by_role("link", name="Prune…").click()
    expect(page.get_by_role("checkbox")).to_have_count(1)
    console.shoot("prune")
    page.get_by_role("button", name="Remove the ticked").click()
    expect(page.get_by_text("1 volume removed")).to_be_visible()
    assert stack.docker("volume", "ls", "--quiet").split() == ["kept"]


def _image(console: Console, reference: str) -> None:
    page = console.page
    console.go("Images")
    console.row(reference).get_by_role("link", name=reference).click()
    expect(page.locator("#facts")).to_contain_text("ADD busybox-static")
    expect(page.locator("#facts").get_by_role("link", name="b-two")).to_be_visible()
    console.shoot("image")


def _network(console: Console) -> None:
    page = console.page
    console.go("Networks")
    page.locator("#networks").get_by_role("link", name="bridge").click()
    expect(page.locator("#facts")).to_contain_text("bridge")
    console.shoot("network")


def _events(console: Console, stack: Stack) -> None:
    page = console.page
    console.go("Events")
    expect(console.row("b-two").first).to_be_visible()
    page.get_by_role("button", name="volume").click()
    expect(page.locator("#events tr:visible").first).to_contain_text("made")
    stack.docker("volume", "create", "made")
    expect(page.locator("#events tr:visible").first).to_contain_text("create")
    page.get_by_label("Since").select_option("From now on")
    expect(page.get_by_text("Nothing has happened since then")).to_be_visible()
    console.shoot("events")


def _palette(console: Console) -> None:
    page = console.page
    page.keyboard.press("Control+k")
    options = page.get_by_role("dialog").get_by_role("option")
    expect(options.first).to_be_visible()
    page.keyboard.type("a-one")
    expect(options).to_have_count(1)
    console.shoot("palette")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("a-one")
