"""The whole line in a browser: sign in, pull with progress, run, read the log, work in a terminal, watch, remove."""

import re
import socket
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import PATIENCE_MS, Console
from tests.support import hostnet
from tests.support.stack import Stack

pytestmark = [pytest.mark.root, pytest.mark.browser, pytest.mark.timeout(300)]

NAME = "redis-test"


@pytest.fixture(autouse=True)
def no_containers(stack: Stack) -> Iterator[None]:
    yield
    if listed := stack.docker("ps", "--all", "--quiet").split():
        stack.docker("rm", "--force", *listed)


def test_a_container_from_the_browser(console: Console, page: Page, redis_image: str) -> None:
    port = hostnet.free_port()
    _pull(console, redis_image)
    _run(console, redis_image, port)
    _read_the_log(console)
    assert _ask_redis(port, b"SET answer 42\r\n") == b"+OK\r\n"
    _work_in_the_terminal(console)
    _inspect(console, port)
    _remove(console)


def _pull(console: Console, reference: str) -> None:
    page = console.page
    console.go("Images")
    console.expect_live()
    page.get_by_label("Image to pull").fill(reference)
    page.get_by_role("button", name="Pull").click()
    expect(page.get_by_role("list", name="Layers").get_by_role("listitem")).to_have_count(3, timeout=PATIENCE_MS)
    console.shoot("pull-progress")
    console.expect_job("succeeded")
    console.shoot("pull-done")
    page.reload()
    expect(page.get_by_role("list", name="Layers").get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_role("log")).to_contain_text("Digest: sha256:")


def _run(console: Console, reference: str, port: int) -> None:
    page = console.page
    console.go("Images")
    console.shoot("images")
    console.row(reference).get_by_role("link", name="Run").click()
    expect(page.get_by_label("Image")).to_have_value(reference)
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Ports").fill(f"{port}:6379")
    page.get_by_label("Environment").fill("GREETING=good day")
    console.shoot("run-form")
    page.get_by_role("button", name="Run").click()
    console.expect_job("succeeded")
    console.shoot("run-done")
    page.get_by_role("link", name=NAME, exact=True).click()
    expect(page.locator("#container-head .badge")).to_have_text("running")
    expect(page.locator("#overview")).to_contain_text("good day")
    console.shoot("overview")


def _read_the_log(console: Console) -> None:
    console.tab("Logs")
    expect(console.page.get_by_role("log")).to_contain_text("Ready to accept connections", timeout=PATIENCE_MS)
    console.shoot("logs")


def _work_in_the_terminal(console: Console) -> None:
    console.tab("Terminal")
    rows = console.page.locator(".xterm-rows")
    expect(rows).to_contain_text(re.compile(r"[#$] "), timeout=PATIENCE_MS)
    console.type("redis-cli get answer; echo $GREETING, $((6*7))")
    expect(rows).to_contain_text('"42"')
    expect(rows).to_contain_text("good day, 42")
    console.shoot("terminal")


def _inspect(console: Console, port: int) -> None:
    console.tab("Inspect")
    expect(console.page.locator("#inspect")).to_contain_text(f'"HostPort": "{port}"')
    console.shoot("inspect")


def _remove(console: Console) -> None:
    page = console.page
    console.go("Containers")
    console.expect_live()
    console.shoot("containers")
    row = console.row(NAME)
    row.get_by_role("button", name="Stop").click()
    expect(row.locator(".badge")).to_have_text("exited", timeout=PATIENCE_MS)
    page.once("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    expect(page.get_by_text("No containers yet")).to_be_visible()


def _ask_redis(port: int, command: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(command)
        return connection.recv(100)


def test_what_others_do_is_seen_without_a_reload(console: Console, stack: Stack, busybox: str) -> None:
    console.go("Containers")
    console.expect_live()
    stack.docker("run", "--detach", "--network", "none", "--name", "seen", busybox, "sleep", "1000")
    row = console.row("seen")
    expect(row.locator(".badge")).to_have_text("running")
    stack.docker("kill", "seen")
    expect(row.locator(".badge")).to_have_text("exited")
    expect(row).to_contain_text("Exited (137)")
    stack.docker("start", "seen")
    expect(row.locator(".badge")).to_have_text("running")
    stack.docker("rm", "--force", "seen")
    expect(row).to_have_count(0)


def test_a_log_goes_on_after_a_restart_of_its_container(console: Console, stack: Stack, busybox: str) -> None:
    page = console.page
    words = "echo out $(cat /n 2>/dev/null); echo err >&2; echo again > /n; exec sleep 1000"
    identifier = stack.docker("run", "-d", "--network", "none", "--name", "log", busybox, "sh", "-c", words)
    page.goto(f"{console.url}/hosts/local/containers/{identifier}/logs/")
    log = page.get_by_role("log")
    expect(log.locator(".line")).to_have_text(["out", "err"], use_inner_text=True)
    expect(log.locator(".line.stderr")).to_have_text(["err"], use_inner_text=True)
    stack.docker("restart", "--time", "0", "log")
    expect(log.locator(".line", has_text="out again")).to_have_count(1)
    expect(log.locator(".line", has_text="err")).to_have_count(2)
    page.get_by_role("button", name="Pause").click()
    stack.docker("restart", "--time", "0", "log")
    expect(page.locator("[data-part=status]")).to_have_text("Paused (+2)")
    page.get_by_role("button", name="Pause").click()
    expect(log.locator(".line", has_text="err")).to_have_count(3)


def test_a_flood_of_lines_leaves_the_page_usable(console: Console, stack: Stack, busybox: str) -> None:
    page = console.page
    identifier = stack.docker("run", "-d", "--network", "none", "--name", "flood", busybox, "yes")
    page.goto(f"{console.url}/hosts/local/containers/{identifier}/logs/")
    expect(page.get_by_role("log").locator(".line")).to_have_count(5000)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-part=status]")).to_contain_text("Paused (+")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#container-head").get_by_role("button", name="Kill").click()
    expect(page.locator("#container-head .badge")).to_have_text("exited", timeout=PATIENCE_MS)


def test_a_refusal_is_told_beside_the_page(
    console: Console, stack: Stack, busybox: str, page: Page, complaints: list[str]
) -> None:
    stack.docker("run", "--detach", "--network", "none", "--name", "holds", busybox, "sleep", "1000")
    console.go("Images")
    page.once("dialog", lambda dialog: dialog.accept())
    console.row(busybox).get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status").locator(".toast")).to_contain_text("conflict")
    console.shoot("refusal")
    expect(console.row(busybox)).to_have_count(1)
    assert "409" in complaints[0]
    complaints.clear()
