"""What a page does while its engine is away, and when it comes back."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.terminal.console import Console as WebProcess
from tests.e2e.pages import PATIENCE_MS, Console
from tests.support.engine import EngineProcess
from tests.support.redis import RedisServer

pytestmark = [pytest.mark.root, pytest.mark.browser]


@pytest.fixture
def web(engine: EngineProcess, redis_server: RedisServer) -> Iterator[WebProcess]:
    """The web process alone: the whole installation would end with its engine."""
    started = WebProcess(engine, redis_server)
    yield started
    started.close()


def test_a_page_outlives_its_engine(
    web: WebProcess, engine: EngineProcess, busybox: str, page: Page, complaints: list[str]
) -> None:
    engine.docker("run", "--detach", "--network", "none", "--name", "stays", busybox, "sleep", "1000")
    page.goto(web.url)
    console = Console(page, web.url)
    console.sign_in("admin", web.password)
    console.go("Containers")
    console.expect_live()
    expect(console.row("stays").locator(".badge")).to_have_text("running")

    engine.kill9()

    expect(page.locator("#live")).to_have_attribute("data-live", "down", timeout=PATIENCE_MS)
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Engine not reachable at unix://")
    assert "503" in complaints[0]
    complaints.clear()

    engine.restart()

    expect(console.row("stays").locator(".badge")).to_have_text("running", timeout=PATIENCE_MS)
    console.expect_live()
    engine.docker("kill", "stays")
    expect(console.row("stays").locator(".badge")).to_have_text("exited", timeout=PATIENCE_MS)
    # Each try of the page while the engine was away is one of these.
    complaints[:] = [line for line in complaints if "503" not in line]
