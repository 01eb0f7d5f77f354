"""The page in a real Chromium while the network goes, the web process dies, the container stops."""

import os
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.terminal.console import Console
from tests.dashboard.terminal.pages import command, opened, rows, started, state
from tests.dashboard.terminal.proxy import Proxy
from tests.support.engine import EngineProcess
from tests.support.waiting import until

pytestmark = [pytest.mark.root, pytest.mark.browser]

COUNTING = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo n$i; done; echo al''l"


@pytest.fixture
def proxied(page: Page, console: Console, engine: EngineProcess, busybox: str) -> Iterator[Proxy]:
    """The terminal by way of a proxy."""
    engine.docker("run", "--detach", "--network", "none", "--name", "term", busybox, "sleep", "1000")
    with Proxy(console.url) as proxy:
        opened(page, f"{proxy.url}/terminal/local/term/")
        yield proxy
        page.goto("about:blank")
    engine.docker("rm", "--force", "term")


def complete(page: Page) -> None:
    """All that COUNTING writes is there once, in order."""
    expect(rows(page)).to_contain_text("all", timeout=30_000)
    text = page.evaluate("document.querySelector('portside-terminal').current.screen.text()")
    assert re.findall(r"^n(\d+)$", text, re.MULTILINE) == [str(number) for number in range(1, 3001)]


def test_a_killed_web_process_costs_nothing(terminal: Page, console: Console, engine: EngineProcess) -> None:
    started(terminal, "while [ ! -e /go ]; do usleep 20000; done; " + COUNTING)
    console.kill9()
    expect(state(terminal)).to_have_attribute("data-state", "waiting")
    engine.docker("exec", "term", "touch", "/go")
    terminal.keyboard.type("# typed while nobody was there")
    console.restart()
    expect(state(terminal)).to_have_attribute("data-state", "open", timeout=30_000)
    complete(terminal)
    expect(rows(terminal)).to_contain_text("# typed while nobody was there")
    terminal.keyboard.press("Control+c")
    assert engine.docker("exec", "term", "ps").count(" sh\n") == 1


def test_a_proxy_that_cuts_is_got_over(proxied: Proxy, page: Page) -> None:
    command(page, COUNTING.replace("echo n$i", "echo n$i; [ $((i % 100)) = 0 ] && usleep 10000"))
    for _ in range(3):
        proxied.cut()
        expect(state(page)).to_have_attribute("data-state", "open")
    complete(page)


@pytest.mark.skipif("PORTSIDE_TEST_LONG" not in os.environ, reason="waits for as long as a console may be silent")
def test_a_network_that_swallows_is_noticed(proxied: Proxy, page: Page) -> None:
    proxied.swallow(on=True)
    command(page, "echo typed in the da''rk")
    expect(state(page)).to_have_attribute("data-state", "waiting", timeout=30_000)
    proxied.cut()
    proxied.swallow(on=False)
    expect(state(page)).to_have_attribute("data-state", "open", timeout=30_000)
    expect(rows(page)).to_contain_text("typed in the dark")


def test_a_server_that_refuses_is_asked_again(proxied: Proxy, page: Page, console: Console) -> None:
    proxied.refuses = True
    proxied.cut()
    expect(state(page)).to_have_attribute("data-state", "waiting")
    expect(page.locator("[data-status]")).to_have_text("Connection lost: trying again…")
    proxied.refuses = False
    page.get_by_role("button", name="Reconnect").click()
    expect(state(page)).to_have_attribute("data-state", "open")
    command(page, "echo ba''ck")
    expect(rows(page)).to_contain_text("back")


def test_a_slow_phone_is_not_flooded(proxied: Proxy, page: Page) -> None:
    proxied.bytes_a_second = 200_000
    command(page, "yes | head -c 20000000; yes")
    expect(rows(page)).to_contain_text("yyyy")
    began = time.monotonic()
    page.keyboard.press("Control+c")
    command(page, "clear; echo a''live")
    expect(rows(page)).to_contain_text("alive", timeout=20_000)
    assert time.monotonic() - began < 15  # of the hundred that all of it would have taken


def test_a_container_that_stops_is_told(terminal: Page, engine: EngineProcess) -> None:
    engine.docker("kill", "term")
    expect(state(terminal)).to_have_attribute("data-state", "ended")
    expect(terminal.locator("[data-detail]")).to_have_text(re.compile("exit code|container"))
    engine.docker("start", "term")
    terminal.get_by_role("button", name="Reconnect").click()
    expect(state(terminal)).to_have_attribute("data-state", "open")


def test_a_sign_out_ends_the_terminal(terminal: Page, console: Console, engine: EngineProcess) -> None:
    other = terminal.context.new_page()
    other.goto(f"{console.url}/accounts/logout/")
    other.get_by_role("button", name="Sign out").last.click()
    began = time.monotonic()
    expect(state(terminal)).to_have_attribute("data-state", "failed", timeout=10_000)
    assert time.monotonic() - began < 5.5
    until("the shell to end", lambda: " sh\n" not in engine.docker("exec", "term", "ps"))
    other.get_by_label("User name").fill("admin")
    other.get_by_label("Password", exact=True).fill(console.password)
    other.get_by_role("button", name="Sign in", exact=True).click()
    other.wait_for_url(re.compile("/hosts/"))
    other.close()
