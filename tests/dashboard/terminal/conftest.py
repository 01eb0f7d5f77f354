"""A container on a real engine, and a signed-in browser before it: frames alone, or a real Chromium."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import ConsoleMessage, Page, sync_playwright

from dashboard.hosts.models import Host
from tests.dashboard.terminal.browser import Browser
from tests.dashboard.terminal.console import Console
from tests.dashboard.terminal.pages import opened
from tests.support import session
from tests.support.engine import EngineProcess
from tests.support.redis import RedisServer

CHROMIUM = "/usr/bin/chromium"


@dataclass(frozen=True)
class Container:
    """A running busybox, called `name` on the console's host `here`."""

    name: str
    engine: EngineProcess

    @property
    def path(self) -> str:
        return f"/ws/hosts/here/containers/{self.name}/terminal/"

    def run(self, *argv: str) -> str:
        """The output of a program that runs in it."""
        return self.engine.docker("exec", self.name, *argv)


@pytest.fixture
def here(engine: EngineProcess, transactional_db: None) -> Host:
    return Host.objects.create(name="here", url=f"unix://{engine.socket}")


@pytest.fixture
def container(engine: EngineProcess, here: Host, busybox: str) -> Iterator[Container]:
    engine.docker("run", "--detach", "--network", "none", "--name", "term", busybox, "sleep", "1000")
    yield Container("term", engine)
    engine.docker("rm", "--force", "term")


@pytest.fixture
def browser(container: Container, cookie: bytes) -> Browser:
    """A signed-in browser before the terminal of `container`; use it as an asynchronous context manager."""
    return Browser(container.path, cookie)


@pytest.fixture(scope="package")
def console(shared_engine: EngineProcess, redis_server: RedisServer) -> Iterator[Console]:
    built = session.CHECKOUT / "dist/terminal.entry.js"
    assert built.exists(), f"{built} is missing: run `npm run build`"
    console = Console(shared_engine, redis_server)
    yield console
    console.close()


@pytest.fixture(scope="module")
def signed_in(console: Console) -> Iterator[Page]:
    """One page of one browser; what its policy refuses is an error."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1100, "height": 700}).new_page()
        page.goto(f"{console.url}/accounts/login/")
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password", exact=True).fill(console.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile("/hosts/"))
        yield page
        browser.close()


@pytest.fixture
def page(signed_in: Page, console: Console) -> Iterator[Page]:
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A connection that can't be made is what these tests are about.
        if (
            message.type in {"error", "warning"}
            and "WebSocket connection to" not in message.text
            and "net::ERR" not in message.text
        ):
            complaints.append(message.text)

    signed_in.on("console", note)
    yield signed_in
    signed_in.remove_listener("console", note)
    signed_in.goto("about:blank")
    assert not complaints, console.log()[-4000:]


@pytest.fixture
def terminal(page: Page, console: Console, engine: EngineProcess, busybox: str) -> Iterator[Page]:
    """The full window's page, once the shell has prompted."""
    engine.docker("run", "--detach", "--network", "none", "--name", "term", busybox, "sleep", "1000")
    opened(page, f"{console.url}/terminal/local/term/")
    yield page
    page.goto("about:blank")
    engine.docker("rm", "--force", "term")
